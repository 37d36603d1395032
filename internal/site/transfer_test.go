package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// A case is handed over from the page of its people, and the page behind the link says what that is.
func TestTransferPages(t *testing.T) {
	s := testkit.Start(t)
	anna, boris := s.SignUp("Анна", "anna"), s.SignUp("Борис", "boris")
	id := anna.OpenCase("ИП Ким", 1)
	people, transfer := "/cases/"+id.String()+"/people", "/cases/"+id.String()+"/transfer"
	if !anna.Get(people).Want(http.StatusOK).HasLink(transfer) {
		t.Fatal("the page of the people does not lead to the transfer")
	}
	form := anna.Get(transfer).Want(http.StatusOK).Form(transfer)
	anna.PostForm(transfer, form).WantRedirect(people)
	page := anna.Get(people).Want(http.StatusOK)
	link, err := url.Parse(testkit.Attr(page.ByID("invite-link"), "value"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.Main(), "Передача ухода новому владельцу") || !strings.Contains(page.Main(), "Ссылка для нового владельца") {
		t.Errorf("the open transfer is not shown:\n%s", page.Main())
	}
	// Another link ends the one before: the page says so before, and after.
	if text := anna.Get(transfer).Want(http.StatusOK).Main(); !strings.Contains(text, "Когда вы сделаете новую, прежняя перестанет работать") {
		t.Errorf("nothing is said of the link there is:\n%s", text)
	}
	anna.PostForm(transfer, form).WantRedirect(people)
	page = anna.Get(people).Want(http.StatusOK)
	if !strings.Contains(page.Text(), "Ссылка готова. Передайте её сами. Прежняя ссылка для нового владельца больше не работает.") {
		t.Errorf("the page does not say that the link before is over:\n%s", page.Text())
	}
	boris.Get(link.Path).Want(http.StatusGone)
	if link, err = url.Parse(testkit.Attr(page.ByID("invite-link"), "value")); err != nil {
		t.Fatal(err)
	}
	if text := boris.Get(link.Path).Want(http.StatusOK).Main(); !strings.Contains(text, "Анна передаёт вам этот уход") {
		t.Errorf("the invitation says:\n%s", text)
	}
	// Its maker and whoever keeps the books are told what it is, and offered nothing.
	own := anna.Get(link.Path).Want(http.StatusOK)
	if text := own.Main(); own.HasForm(link.Path) || !strings.Contains(text, "передают новому владельцу") || !strings.Contains(text, "Эту ссылку сделали вы") || !own.HasLink("/cases/"+id.String()) {
		t.Errorf("its maker reads:\n%s", text)
	}
	keeper := s.SignUp("Вера", "vera")
	anna.Join(keeper, id, winddown.Accountant)
	refused := keeper.Get(link.Path).Want(http.StatusOK)
	if text := refused.Main(); refused.HasForm(link.Path) || !strings.Contains(text, "Вы ведёте учёт этого продавца") || !refused.HasLink("/sellers/"+id.String()) {
		t.Errorf("the accountant reads:\n%s", text)
	}
	keeper.PostForm(link.Path, url.Values{}).Want(http.StatusConflict)
	boris.PostForm(link.Path, url.Values{}).WantRedirect("/cases/" + id.String())
	anna.Get("/cases/" + id.String()).Want(http.StatusNotFound)
	if text := boris.Get("/cases/" + id.String() + "/history").Want(http.StatusOK).Main(); !strings.Contains(text, "Уход передан новому владельцу; прежний владелец: Анна") || !strings.Contains(text, "Отозвано приглашение для владельца") {
		t.Errorf("the history says:\n%s", text)
	}
	// One that was deleted cannot be handed over, and the page says so in place of the form.
	boris.PostForm("/cases/"+id.String()+"/delete", url.Values{"seller_name": {"ИП Ким"}}).WantRedirect("/cases/" + id.String())
	if page := boris.Get(transfer).Want(http.StatusOK); page.HasForm(transfer) || !strings.Contains(page.Main(), "Оставить уход") {
		t.Errorf("a deleted case is offered to be handed over:\n%s", page.Main())
	}
	boris.PostForm(transfer, url.Values{}).Want(http.StatusConflict)
}
