package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

func TestEvidence(t *testing.T) {
	inOneWorld(t, map[string]func(*testing.T, *world){
		"files are kept in versions":      filesAreKeptInVersions,
		"proof or a written reason":       proofOrAWrittenReason,
		"lost bytes are told":             lostBytesAreTold,
		"acceptance freezes the evidence": acceptanceFreezesTheEvidence,
		"uploads at the same moment":      uploadsAtTheSameMoment,
	})
}

// evidence is what a case holds of a step's evidence.
func (w *world) evidence(actor winddown.Actor, id winddown.ID, code winddown.Code) []winddown.Evidence {
	w.t.Helper()
	v, err := w.app.Step(w.t.Context(), actor, id, code)
	if err != nil {
		w.t.Fatal(err)
	}
	return v.Case.Evidence
}

func filesAreKeptInVersions(t *testing.T, w *world) {
	owner := w.person("Петрова")
	id := w.open(owner)
	first, second, other := w.pdf("../остатки.pdf", "12"), w.pdf("остатки.pdf", "0"), w.pdf("акт вывоза.pdf", "3")
	for _, f := range []app.StoredFile{first, second, second} {
		if err := w.upload(owner, id, winddown.ReturnStock, winddown.SlotRemainsZero, f); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.upload(owner, id, winddown.ReturnStock, winddown.SlotReturnPaper, other, second); err != nil {
		t.Fatal(err)
	}
	type version struct {
		number, doc, version int
		slot                 winddown.SlotCode
		name                 string
		sum                  [32]byte
	}
	want := []version{
		{1, 1, 1, winddown.SlotRemainsZero, "остатки.pdf", first.Blob.SHA256},
		{2, 1, 2, winddown.SlotRemainsZero, "остатки.pdf", second.Blob.SHA256},
		{3, 3, 1, winddown.SlotReturnPaper, "акт вывоза.pdf", other.Blob.SHA256},
		{4, 4, 1, winddown.SlotReturnPaper, "остатки.pdf", second.Blob.SHA256},
	}
	var got []version
	for _, e := range w.evidence(owner, id, winddown.ReturnStock) {
		got = append(got, version{e.Number, e.Doc, e.Version, e.Slot, e.Name, e.SHA256})
		if e.By != owner.UserID || !e.At.Equal(noon) || e.Type != "pdf" || e.OnBehalf || e.Frozen {
			t.Errorf("%+v", e)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("evidence %v\nwant     %v", got, want)
	}
	for number, text := range map[int]string{1: "12", 2: "0", 3: "3"} {
		e, f, err := w.app.EvidenceFile(t.Context(), owner, id, number)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil || !bytes.Contains(b, []byte("% "+text+"\n")) || e.Size != int64(len(b)) {
			t.Errorf("file %d holds %q, %v", number, b, err)
		}
	}
	_, _, err := w.app.EvidenceFile(t.Context(), owner, id, 5)
	wantKind(t, err, winddown.NotFound)

	// One who has the file may not see the case.
	_, _, err = w.app.EvidenceFile(t.Context(), w.person("Чужая"), id, 1)
	wantKind(t, err, winddown.NotFound)
	w.verify(id)
}

// A step is done with a file in the required slot, and without one when it is said why.
func proofOrAWrittenReason(t *testing.T, w *world) {
	owner := w.person("Петрова")
	id := w.open(owner)
	before := w.contents(id)
	in := winddown.MarkDone{Step: winddown.ZeroFBS, Version: 1, On: w.today(owner)}
	_, err := w.app.MarkDone(t.Context(), owner, id, in)
	wantField(t, err, "reason_stock_zero", "evidence.error.missing")
	w.wantUnchanged(id, before)

	if err := w.upload(owner, id, winddown.ZeroFBS, winddown.SlotStockZero, w.pdf("остатки.pdf", "0")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.MarkDone(t.Context(), owner, id, in); err != nil {
		t.Errorf("with a file: %v", err)
	}
	in = winddown.MarkDone{Step: winddown.ReturnStock, Version: 1, On: w.today(owner),
		Reasons: map[winddown.SlotCode]string{winddown.SlotRemainsZero: "Отчёт не выгружается"}}
	if _, err := w.app.MarkDone(t.Context(), owner, id, in); err != nil {
		t.Errorf("with a reason: %v", err)
	}
	if e := w.evidence(owner, id, winddown.ReturnStock); len(e) != 1 || e[0].Kind != winddown.EvidenceReason || e[0].Note != "Отчёт не выгружается" {
		t.Errorf("evidence %+v", e)
	}
}

func TestRefusedFilesChangeNothing(t *testing.T) {
	w := newWorldWith(t, app.Options{Quota: 100}, nil)
	owner := w.person("Петрова")
	id, finished := w.open(owner), w.openWith(owner, winddown.RawAnswers{FBS: "no", WBStock: "no"})
	w.mark(owner, finished, winddown.SellOut, winddown.CollectReturns, winddown.StripMedia)
	w.mark(owner, finished, chain()...)
	if err := w.app.Finish(t.Context(), owner, finished, 0); err != nil {
		t.Fatal(err)
	}
	small, large := w.pdf("a.pdf", "0"), w.pdf("b.pdf", strings.Repeat("0", 90))
	for _, c := range []struct {
		name string
		id   winddown.ID
		in   winddown.AddEvidence
		file []app.StoredFile
		want winddown.Kind
		key  string
	}{
		{"a slot of another step", id, winddown.AddEvidence{Step: winddown.SellOut, Slot: winddown.SlotStockZero}, nil, winddown.NotFound, "error.not_found"},
		{"no such step", id, winddown.AddEvidence{Step: "sell", Slot: winddown.SlotStockZero}, nil, winddown.NotFound, "error.not_found"},
		{"a closed step", id, winddown.AddEvidence{Step: winddown.RequestAct, Slot: winddown.SlotRequest}, nil, winddown.Blocked, "step.error.blocked"},
		{"a step not needed", finished, winddown.AddEvidence{Step: winddown.ZeroFBS, Slot: winddown.SlotStockZero}, nil, winddown.Conflict, "case.error.finished"},
		{"a finished case", finished, winddown.AddEvidence{Step: winddown.SellOut, Slot: winddown.SlotOrdersDone}, nil, winddown.Conflict, "case.error.finished"},
		{"a debt that is not there", id, winddown.AddEvidence{Step: winddown.SettleDebts, Slot: winddown.SlotDebtProof, Debt: newID(t)}, nil, winddown.NotFound, "error.not_found"},
		{"a long note", id, winddown.AddEvidence{Step: winddown.SellOut, Slot: winddown.SlotOrdersDone, Note: strings.Repeat("я", winddown.MaxNote+1)}, nil, winddown.Invalid, "error.invalid"},
		{"two that are too much", id, winddown.AddEvidence{Step: winddown.SellOut, Slot: winddown.SlotOrdersDone}, []app.StoredFile{small, large}, winddown.Conflict, "evidence.error.quota"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := *w
			w.t = t
			before := w.contents(c.id)
			if c.file == nil {
				c.file = []app.StoredFile{small}
			}
			wantKey(t, w.app.AddEvidence(t.Context(), owner, c.id, c.in, c.file), c.want, c.key)
			w.wantUnchanged(c.id, before)
		})
	}
	for _, in := range []winddown.AddEvidence{
		{Step: winddown.SettleDebts, Slot: winddown.SlotDebtProof, Debt: newID(t)},
		{Step: winddown.RequestAct, Slot: winddown.SlotRequest}, {Step: winddown.SellOut, Slot: winddown.SlotOrdersDone, Size: 101},
	} {
		if _, err := w.app.MayUpload(t.Context(), owner, id, in); err == nil {
			t.Errorf("%s may be uploaded", in.Step)
		}
	}
}

func TestBytesThatAreNotTakenIn(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ name, content, key string }{
		{"a.pdf", "", "evidence.error.empty"},
		{"a.html", "<script>alert(1)</script>", "evidence.error.unknown_kind"},
		{"a.png", "<script>alert(1)</script>", "evidence.error.unknown_kind"},
		{"a.pdf", "%PDF-1.4\n", "evidence.error.truncated"},
		{"a.png", "%PDF-1.4\n%%EOF", "evidence.error.not_what_named"},
		{"a.pdf", "%PDF-1.4\n" + strings.Repeat("0", winddown.MaxFileSize), "evidence.error.too_large"},
	} {
		_, err := w.app.StoreFile(t.Context(), c.name, strings.NewReader(c.content), winddown.MaxFileSize)
		wantField(t, err, "file", c.key)
	}
	_, err := w.app.StoreFile(t.Context(), "a.pdf", strings.NewReader("%PDF-1.4\n"), 8)
	if !errors.Is(err, winddown.Conflict) || !strings.Contains(err.Error(), "[file: evidence.error.no_room]") {
		t.Errorf("without room: %v", err)
	}
	w.store.Through = func(io.Writer) io.Writer { return fullDisk{} }
	_, err = w.app.StoreFile(t.Context(), "a.pdf", strings.NewReader("%PDF-1.4\n"), winddown.MaxFileSize)
	wantKey(t, err, winddown.Unavailable, "evidence.error.no_space")
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// Only the bytes that were stored are handed out.
func lostBytesAreTold(t *testing.T, w *world) {
	owner := w.person("Петрова")
	id := w.open(owner)
	if err := w.upload(owner, id, winddown.SellOut, winddown.SlotOrdersDone, w.pdf("a.pdf", "0"), w.pdf("b.pdf", "1")); err != nil {
		t.Fatal(err)
	}
	e := w.evidence(owner, id, winddown.SellOut)
	where := func(e winddown.Evidence) string {
		found, err := filepath.Glob(filepath.Join(w.dir, "*", fmt.Sprintf("*%x", e.SHA256[2:])))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s lies in %v, %v", e.Name, found, err)
		}
		return found[0]
	}
	if err := os.Remove(where(e[0])); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(where(e[1]), []byte("%PDF-1.4\n% 2\n%%EOF\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for number, key := range map[int]string{1: "evidence.error.lost", 2: "evidence.error.altered"} {
		_, _, err := w.app.EvidenceFile(t.Context(), owner, id, number)
		wantKey(t, err, winddown.Gone, key)
	}
	if w.app.FileThere(e[0]) {
		t.Error("the file that was removed is there")
	}
}

// What the accountant accepted stays as it was, and a later file drops the acceptance.
func acceptanceFreezesTheEvidence(t *testing.T, w *world) {
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	ctx := t.Context()
	if err := w.upload(accountant, id, winddown.ZeroFBS, winddown.SlotStockZero, w.pdf("a.pdf", "0")); err != nil {
		t.Fatal(err)
	}
	w.mark(accountant, id, winddown.ZeroFBS)
	if err := w.app.AcceptStep(ctx, accountant, id, w.review(accountant, id, winddown.ZeroFBS)); err != nil {
		t.Fatal(err)
	}
	before := w.contents(id)
	wantKey(t, w.app.RemoveEvidence(ctx, accountant, id, winddown.RemoveEvidence{Number: 1, Reason: "Не тот"}), winddown.Conflict, "evidence.error.frozen")
	w.wantUnchanged(id, before)

	w.clock.Advance(time.Hour)
	if err := w.upload(accountant, id, winddown.ZeroFBS, winddown.SlotStockZero, w.pdf("a.pdf", "1")); err != nil {
		t.Fatal(err)
	}
	st, _ := w.view(accountant, id).Case.Step(winddown.ZeroFBS)
	if st.Accepted.Holds() || !st.Accepted.At.Equal(noon) || !st.Accepted.DroppedAt.Equal(w.clock.Now()) {
		t.Errorf("accepted %+v", st.Accepted)
	}
	if err := w.app.AcceptStep(ctx, accountant, id, w.review(accountant, id, winddown.ZeroFBS)); err != nil {
		t.Fatal(err)
	}
	st, _ = w.view(accountant, id).Case.Step(winddown.ZeroFBS)
	if !st.Accepted.Holds() || st.Dropped == nil || !st.Dropped.At.Equal(noon) {
		t.Errorf("accepted %+v after %+v", st.Accepted, st.Dropped)
	}
	if e := w.evidence(accountant, id, winddown.ZeroFBS); len(e) != 2 || !e[0].Frozen || !e[1].Frozen {
		t.Errorf("evidence %+v", e)
	}
	w.verify(id)
}

// Uploads and an acceptance at the same moment come one after the other: no number is given
// twice, the same bytes are filed once, and nothing is accepted that the accountant had not
// seen.
func uploadsAtTheSameMoment(t *testing.T, w *world) {
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	f := w.pdf("a.pdf", "0")
	wantTally(t, atOnce(10, func(int) error {
		return w.upload(accountant, id, winddown.ZeroFBS, winddown.SlotStockZero, f)
	}), map[string]int{"ok": 10})
	if e := w.evidence(accountant, id, winddown.ZeroFBS); len(e) != 1 {
		t.Fatalf("the same bytes were filed %d times", len(e))
	}
	versions := make([]app.StoredFile, 6)
	for i := range versions {
		versions[i] = w.pdf("a.pdf", fmt.Sprint(i+1))
	}
	wantTally(t, atOnce(len(versions), func(i int) error {
		return w.upload(accountant, id, winddown.ZeroFBS, winddown.SlotStockZero, versions[i])
	}), map[string]int{"ok": len(versions)})
	for i, e := range w.evidence(accountant, id, winddown.ZeroFBS) {
		if e.Number != i+1 || e.Version != i+1 || e.Doc != 1 {
			t.Errorf("version %d is %+v", i+1, e)
		}
	}

	w.mark(accountant, id, winddown.ZeroFBS)
	for i := range 10 {
		more, in := w.pdf("b.pdf", fmt.Sprint(i)), w.review(accountant, id, winddown.ZeroFBS)
		errs := atOnce(2, func(n int) error {
			if n == 0 {
				return w.upload(accountant, id, winddown.ZeroFBS, winddown.SlotStockZero, more)
			}
			return w.app.AcceptStep(t.Context(), accountant, id, in)
		})
		st, _ := w.view(accountant, id).Case.Step(winddown.ZeroFBS)
		if errs[0] != nil || errs[1] != nil && !errors.Is(errs[1], winddown.Conflict) || st.Accepted.Holds() {
			t.Fatalf("upload: %v, accept: %v, accepted: %+v", errs[0], errs[1], st.Accepted)
		}
		e := w.evidence(accountant, id, winddown.ZeroFBS)
		if last := e[len(e)-1]; last.SHA256 != more.Blob.SHA256 || last.Frozen {
			t.Fatalf("the last file is %+v", last)
		}
	}
	w.verify(id)
}

// age makes all stored files old enough to be swept, and returns how many there are.
func (w *world) age() int {
	w.t.Helper()
	old := time.Now().Add(-app.SweepAge - time.Hour)
	stored, err := filepath.Glob(filepath.Join(w.dir, "??", "*"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, name := range stored {
		if err := os.Chtimes(name, old, old); err != nil {
			w.t.Fatal(err)
		}
	}
	return len(stored)
}

// Bytes nobody refers to are swept when they are old; those of evidence stay.
func TestSweepingFiles(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	if err := w.upload(owner, id, winddown.SellOut, winddown.SlotOrdersDone, w.pdf("a.pdf", "0")); err != nil {
		t.Fatal(err)
	}
	w.pdf("b.pdf", "1")
	if n, err := w.app.SweepFiles(t.Context()); n != 0 || err != nil {
		t.Errorf("at once: swept %d, %v", n, err)
	}
	if n := w.age(); n != 2 {
		t.Fatalf("%d files are stored", n)
	}
	if n, err := w.app.SweepFiles(t.Context()); n != 1 || err != nil {
		t.Errorf("a day later: swept %d, %v; want one", n, err)
	}
	if e := w.evidence(owner, id, winddown.SellOut); len(e) != 1 || !w.app.FileThere(e[0]) {
		t.Error("the evidence was swept")
	}
}
