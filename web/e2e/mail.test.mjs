// Letters, from the mail server's side: an address is confirmed, a password is reset, and a
// letter that was refused is found and sent again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, invite, openCase, overflow, password, post, signUp, start, submit } from "./harness.mjs";
import { startMail } from "./smtp.mjs";

const mail = await startMail();
const { server, open } = await start({ args: mail.args });
const letterTo = (...what) => mail.letterTo(server, ...what);

// says waits until the page says something: with script an answer comes without a new page.
const says = (page, text) => page.getByText(text).first().waitFor();

const main = async (page) => (await page.locator("main").innerText()).replaceAll(/\s+/g, " ");

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";
  test(`an address is confirmed and a password reset, ${how}`, async () => {
    const email = `anna-${script}@example.com`;
    const [owner, other] = [await open({ script }), await open({ script })];
    await signUp(owner, { name: "Анна Петрова", email });
    const confirm = await letterTo(email, "/account/confirm/");
    await owner.goto("/account");
    assert.match(await main(owner), /Адрес не подтверждён/);
    await check(owner);
    await submit(owner, "Прислать письмо ещё раз");
    await says(owner, /Письмо отправлено/);
    await letterTo(email, "/account/confirm/", 2);
    await other.goto(confirm);
    await check(other);
    await submit(other, "Подтвердить адрес");
    await says(other, /Адрес подтверждён/);
    await owner.goto("/account");
    assert.doesNotMatch(await main(owner), /не подтверждён/);

    await other.goto("/login");
    await other.getByRole("link", { name: "Забыли пароль?" }).click();
    await check(other);
    await other.locator("#email").fill(email);
    await submit(other, "Прислать ссылку");
    await says(other, /Если учётная запись с этим адресом есть, письмо/);
    const reset = await letterTo(email, "/password/reset/");
    await other.goto(reset);
    await check(other);
    await other.locator("#password").fill("короткий");
    await submit(other, "Сохранить пароль");
    await says(other, /короче 12 знаков/);
    const next = `новый лист над рекой ${script}`;
    server.secret(next);
    await other.locator("#password").fill(next);
    await submit(other, "Сохранить пароль");
    await says(other, /Пароль изменён/);
    await other.locator("#email").fill(email);
    await other.locator("#password").fill(next);
    await submit(other);
    await other.waitForURL((url) => url.pathname !== "/login");
    await other.goto("/account");
    assert.match(await main(other), new RegExp(email));
    await owner.goto("/account"); // her other login has ended
    assert.equal(new URL(owner.url()).pathname, "/login");
    const again = await other.goto(reset);
    assert.equal(again.status(), 410);
  });
}

for (const script of [true, false]) {
  test(`a colleague is invited to a firm by mail, ${script ? "with script" : "without script"}`, async () => {
    const [admin, guest] = [await open({ script }), await open({ script })];
    const [email, to] = [`admin-${script}@example.com`, `lead-${script}@example.com`];
    await signUp(admin, { name: "Мария Иванова", email });
    await admin.goto(await letterTo(email, "/account/confirm/"));
    await submit(admin, "Подтвердить адрес");
    await says(admin, /Адрес подтверждён/);
    await post(admin, "/firm", { name: "Учёт и порядок" });
    await admin.goto("/firm");
    const form = admin.locator("form[action='/firm/invites']");
    await form.locator("input[name=role][value=lead]").check();
    await form.locator("#email").fill("no");
    await form.getByRole("button").click();
    await admin.getByRole("alert").first().waitFor();
    assert.equal(await form.locator("input[name=role][value=lead]").isChecked(), true, "what was chosen is kept");
    await check(admin);
    await form.locator("#email").fill(to);
    await form.getByRole("button").click();
    await says(admin, /Приглашение отправлено письмом/);
    await says(admin, `Отправлено письмом: ${to}`);
    server.secret((await admin.locator("#invite-link").inputValue()).split("/").pop());
    await check(admin);

    const link = await letterTo(to, "/firm/join/");
    await guest.goto(link);
    await check(guest);
    await guest.locator("#name").fill("Ольга Беляева");
    await guest.locator("#email").fill(to);
    await guest.locator("#password").fill(password);
    await guest.locator("#consent").check();
    await submit(guest, "Зарегистрироваться и принять");
    await says(guest, /Теперь вы работаете в этой фирме/);
    await guest.goto("/account");
    assert.doesNotMatch(await main(guest), /не подтверждён/, "the letter has shown that letters reach her");
    await guest.goto(link);
    assert.equal(new URL(guest.url()).pathname, "/firm", "the letter leads her to the firm");
    assert.equal((await (await open({ script })).goto(link)).status(), 410, "and nobody else");
    await admin.goto("/firm");
    assert.doesNotMatch(await main(admin), /Отправлено письмом/);
  });
}

for (const script of [true, false]) {
  test(`a link that was handed on leads back by a letter, ${script ? "with script" : "without script"}`, async () => {
    const [owner, guest, phone] = [await open({ script }), await open({ script }), await open({ script, width: 390 })];
    const to = `helper-${script}@example.com`;
    await signUp(owner, { name: "Анна Петрова", email: `owner-${script}@example.com` });
    const link = await invite(owner, await openCase(owner), "helper");
    await guest.goto(link);
    await guest.locator("#name").fill("Мария Иванова");
    await guest.locator("#email").fill(to);
    await guest.locator("#password").fill(password);
    await guest.locator("#consent").check();
    await submit(guest, "Зарегистрироваться и принять");
    await guest.getByTestId("confirm-first").waitFor();
    assert.equal(guest.url(), link, "back at the invitation");
    assert.match(await main(guest), /Чтобы принять приглашение, подтвердите адрес/);
    await check(guest);
    await letterTo(to, "/invites/");
    await submit(guest, "Прислать письмо ещё раз");
    await says(guest, /Письмо отправлено/);
    const letter = await letterTo(to, "/invites/", 2);
    assert.ok(!link.endsWith(letter), "the letter has a link of its own");
    await guest.goto("/firm");
    await check(guest);
    assert.match(await main(guest), /Создавать фирму и приглашать в неё можно с подтверждённым адресом/);

    await phone.goto(letter);
    await phone.getByRole("link", { name: /войти и принять/ }).click();
    await phone.locator("#email").fill(to);
    await phone.locator("#password").fill(password);
    await submit(phone);
    await phone.getByRole("button", { name: "Принять" }).waitFor();
    await check(phone);
    await submit(phone, "Принять");
    await phone.waitForURL(/\/cases\/[0-9a-f-]{36}$/);
    server.secret(...(await phone.context().cookies()).map((c) => c.value));
    await guest.goto("/account");
    assert.doesNotMatch(await main(guest), /не подтверждён/);
    await guest.goto(link);
    assert.match(guest.url(), /\/cases\/[0-9a-f-]{36}$/, "an accepted invitation leads to the case");
  });
}

test("a letter that was refused is sent again", async () => {
  const [operator, somebody] = [await open(), await open()];
  // The first person of the installation signed up in the test above; here his password is known.
  const email = "refused@example.com";
  mail.refuse = (to) => to === email;
  await signUp(somebody, { name: "Пётр", email });
  assert.equal((await somebody.goto("/admin/jobs")).status(), 404);
  await operator.goto("/login");
  await operator.locator("#email").fill("anna-true@example.com");
  await operator.locator("#password").fill("новый лист над рекой true");
  await submit(operator);
  await operator.waitForURL((url) => url.pathname !== "/login");
  await operator.goto("/account");
  await operator.getByRole("link", { name: "Неотправленные письма" }).click();
  while (!(await main(operator)).includes("1 письмо не удалось отправить")) await operator.reload();
  assert.match(await main(operator), /Подтверждение адреса.*550.*1 попытка/);
  await check(operator);
  mail.refuse = () => false;
  await submit(operator, /Отправить ещё раз/);
  await says(operator, /снова в очереди/);
  await letterTo(email, "/account/confirm/");
});

// html is a letter as a mail program shows it.
function html(letter) {
  const body = letter.text.slice(letter.text.search(/<!doctype html>/i)).split(/\n--/)[0];
  return Buffer.from(body.replaceAll(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16))), "latin1").toString("utf8");
}

test("a letter with a long address fits a phone", async () => {
  const email = "konstantin.konstantinopolsky.buhgalteriya@example.com";
  await signUp(await open(), { name: "Константин", email });
  await letterTo(email, "/account/confirm/");
  const reader = await open({ width: 320 });
  await reader.setContent(html(mail.letters.find((l) => l.to === email)));
  assert.ok(await reader.getByText(email).isVisible());
  assert.ok((await overflow(reader)) <= 0, "it scrolls sideways");
});
