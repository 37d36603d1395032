// The life of an account: who asks for something dangerous shows once more who he is, and
// nothing he typed is lost.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { inflateRawSync } from "node:zlib";
import { anna, axe, check, guard, invalidHTML, logIn, mark, openCase, overflow, password, post, signUp, start, submit, totp } from "./harness.mjs";
import { startMail } from "./smtp.mjs";

const mail = await startMail();
const { server, open } = await start({ args: mail.args });

const says = (page, text) => page.getByText(text).first().waitFor();
const main = async (page) => (await page.locator("main").innerText()).replaceAll(/\s+/g, " ");

// prove answers the question for the password, wrong at first.
async function prove(page) {
  await page.getByRole("heading", { level: 1, name: "Подтвердите, что это вы" }).waitFor();
  await check(page);
  await page.locator("#proof_password").fill("not the right one");
  await submit(page, "Продолжить");
  await says(page, "Нынешний пароль не подходит.");
  await check(page);
  await page.locator("#proof_password").fill(password);
  await submit(page, "Продолжить");
}

// The clock goes on by an hour between those who have just signed up and what they ask for.
const people = {};
for (const script of [true, false]) {
  people[`owner-${script}`] = await open({ script });
  await signUp(people[`owner-${script}`], { name: "Пётр Лисин", email: `owner-${script}@example.com` });
}
await signUp(await open(), { name: "Мария Иванова", email: "taken@example.com" });
for (const script of [true, false]) {
  people[script] = await open({ script });
  await signUp(people[script], { name: "Анна Петрова", email: `anna-${script}@example.com` });
  const confirm = await mail.letterTo(server, `anna-${script}@example.com`, "/account/confirm/");
  await people[script].goto(confirm);
  await submit(people[script]);
}
await server.restart("2026-11-13T10:00:00Z");

for (const script of [true, false]) {
  test(`an address is changed, ${script ? "with script" : "without script"}`, async () => {
    const page = people[script];
    const [before, after] = [`anna-${script}@example.com`, `new-${script}@example.com`];
    await page.goto("/account");
    await page.getByRole("link", { name: "Сменить адрес" }).click();
    await check(page);
    await page.locator("#email").fill("no");
    await submit(page, "Сменить адрес");
    await says(page, "Введите адрес в виде name@example.ru.");
    await check(page);
    await page.locator("#email").fill(after);
    await submit(page, "Сменить адрес");
    await prove(page);
    await says(page, /На новый адрес отправлено письмо/);
    await check(page);
    const link = await mail.letterTo(server, after, "/account/email/confirm/");
    assert.ok(mail.letters.some((l) => l.to === before && l.text.includes("/password/forgot")), "the old address is told, and what to do");
    await page.goto("/account");
    assert.match(await main(page), new RegExp(before), "nothing changes before the link is used");

    const elsewhere = await open({ script });
    await elsewhere.goto(link);
    assert.match(elsewhere.url(), /\/login/, "a letter alone changes nothing");
    await logIn(elsewhere, before);
    await elsewhere.goto(link);
    await check(elsewhere);
    await submit(elsewhere, "Подтвердить адрес");
    await says(elsewhere, /Адрес изменён/);
    assert.equal((await elsewhere.goto(link)).status(), 410);
    await page.goto("/account");
    assert.match(await main(page), new RegExp(after));

    // Whoever has just proved who he is is not asked again; a used address looks like any other.
    await page.goto("/account/email");
    await page.locator("#email").fill("taken@example.com");
    await submit(page, "Сменить адрес");
    await says(page, /На новый адрес отправлено письмо/);
  });
}

for (const script of [true, false]) {
  test(`a wind-down is deleted and kept after all, ${script ? "with script" : "without script"}`, async () => {
    const page = people[`owner-${script}`];
    const address = await openCase(page, anna);
    await page.goto(address);
    await page.getByRole("link", { name: "Удалить уход" }).click();
    assert.match(await main(page), /Сначала скачайте пакет/);
    await check(page);
    await page.locator("#seller_name").fill("ИП Иванова");
    await submit(page, "Удалить уход");
    await says(page, "Введите название продавца так, как оно написано на этой странице.");
    await check(page);
    await page.locator("#seller_name").fill("ип петрова а. с.");
    await submit(page, "Удалить уход");
    await prove(page); // what was typed goes along
    await says(page, /Вы удалили этот уход. Он будет стёрт 27 ноября/);
    await check(page);
    await page.goto("/cases");
    assert.match(await main(page), /Будет стёрт 27 ноября/);
    await check(page);
    await page.goto(address);
    await submit(page, "Оставить уход");
    await page.getByRole("link", { name: "Удалить уход" }).waitFor();
    assert.doesNotMatch(await main(page), /будет стёрт 27/);
    await page.goto(`${address}/history`);
    assert.match(await main(page), /Владелец удалил уход.*|Уход решили оставить/);
  });
}

test("nobody has an account without his consent, and who has is asked when it changes", async () => {
  for (const script of [true, false]) {
    const page = await open({ script });
    await page.goto("/signup");
    assert.equal(await page.locator("#consent").isChecked(), false);
    await page.locator("#name").fill("Ольга");
    await page.locator("#email").fill(`olga-${script}@example.com`);
    await page.locator("#password").fill(password);
    await submit(page);
    await says(page, /Без согласия на обработку персональных данных/);
    assert.equal(await page.locator("#name").inputValue(), "Ольга");
    await check(page);
    await page.getByRole("link", { name: "Что хранится, зачем и как это удалить" }).click();
    await page.getByRole("heading", { name: "Кто отвечает за данные" }).waitFor();
    assert.match(await main(page), /себя здесь не назвал/);
    await check(page);
    await signUp(page, { name: "Ольга", email: `olga-${script}@example.com` });
    people[`olga-${script}`] = page;
  }
  await server.restart("2026-11-13T10:00:00Z", "--privacy-version", "2", "--operator-name", "ООО «Пример»", "--operator-contact", "data@winddown.example");
  for (const script of [true, false]) {
    const page = people[`olga-${script}`];
    await page.goto("/privacy");
    assert.match(await main(page), /обрабатывает ООО «Пример»/);
    assert.match(await main(page), /data@winddown.example/);
    await page.goto("/account"); // his data are within reach all the time
    assert.equal(new URL(page.url()).pathname, "/account");
    await page.goto("/cases/new");
    await page.getByRole("heading", { level: 1, name: "Согласие на обработку данных" }).waitFor();
    assert.match(await main(page), /изменилась с тех пор/);
    await check(page);
    await submit(page, "Согласиться");
    await says(page, /Без согласия/);
    await submit(page, "Не сейчас");
    await page.waitForURL((url) => url.pathname === "/cases/new");
    await page.context().clearCookies({ name: "winddown_consent_later" });
    await page.goto("/cases/new");
    await page.locator("#consent").check();
    await submit(page, "Согласиться");
    await page.waitForURL((url) => url.pathname === "/cases/new");
    await page.goto("/cases");
    assert.equal(new URL(page.url()).pathname, "/cases");
  }
});

for (const script of [true, false]) {
  test(`the second step is turned on, asked for and turned off, ${script ? "with script" : "without script"}`, async () => {
    const page = await open({ script });
    const email = `guarded-${script}@example.com`;
    await signUp(page, { name: "Анна Петрова", email });
    await page.goto("/account");
    await page.getByRole("link", { name: "Вход в два шага: выключен" }).click();
    await check(page);
    await submit(page, "Включить");
    await page.getByTestId("totp-secret").waitFor();
    await check(page);
    await page.locator("#code").fill("123");
    await submit(page, "Проверить код");
    await says(page, /Код не подошёл/);
    await check(page);
    const { secret, codes } = await guard(page);
    assert.equal(new Set(codes).size, 10);
    await check(page);
    const [download] = await Promise.all([page.waitForEvent("download"), submit(page, "Скачать файлом")]);
    assert.equal(download.suggestedFilename(), "winddown-recovery-codes.txt");

    const phone = await open({ script });
    await phone.goto("/login?next=/account");
    await phone.locator("#email").fill(email);
    await phone.locator("#password").fill(password);
    await submit(phone);
    await phone.getByRole("heading", { level: 1, name: "Код для входа" }).waitFor();
    await check(phone);
    assert.equal(await phone.locator("#code").getAttribute("autocomplete"), "one-time-code");
    await phone.getByRole("link", { name: "Ввести запасной код" }).click();
    await check(phone);
    await phone.locator("#recovery").fill("aaaa");
    await submit(phone);
    await says(phone, /Такого запасного кода нет/);
    await check(phone);
    await phone.getByRole("link", { name: "Ввести код из программы" }).click();
    await phone.locator("#code").fill(totp(secret, page.server.clock() + 30_000)); // the first one was used
    await submit(phone);
    await phone.getByRole("link", { name: "Вход в два шага: включён" }).click();
    await submit(phone, "Подключить другой телефон");
    await check(phone);
    await submit(phone, "Остаться на прежнем телефоне");
    await phone.getByRole("button", { name: "Подключить другой телефон" }).waitFor();
    await submit(phone, "Выключить вход в два шага");
    await says(phone, /отметьте, что хотите этого/);
    await check(phone);
    await phone.getByLabel("Да, выключить").check();
    await submit(phone, "Выключить вход в два шага");
    await says(phone, "Вход в два шага выключен.");
    await check(phone);
  });
}

// unpacked is a file of a ZIP, by the list at its end.
function unpacked(zip, name) {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  for (let at = zip.readUInt32LE(end + 16); at < end; ) {
    const [length, more, comment] = [28, 30, 32].map((n) => zip.readUInt16LE(at + n));
    if (zip.toString("utf8", at + 46, at + 46 + length) === name) {
      const local = zip.readUInt32LE(at + 42);
      const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      return inflateRawSync(zip.subarray(from, from + zip.readUInt32LE(at + 20))).toString("utf8");
    }
    at += 46 + length + more + comment;
  }
  throw new Error(`no ${name}`);
}

test("the page in the archive of one's own data reads on a phone, in the dark and on paper", async () => {
  const dir = mkdtempSync(join(tmpdir(), "winddown-mine-"));
  after(() => rmSync(dir, { recursive: true, force: true }));
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "mine@example.com" });
  const address = await openCase(page);
  await mark(page, address, "zero_fbs", { note: "Коробки забрал водитель" });
  for (const role of ["helper", "accountant"]) await post(page, `${address}/people`, { role });
  const html = unpacked(await (await page.request.post("/account/data")).body(), "index.html");
  assert.deepEqual(await invalidHTML(html), []);
  const index = join(dir, "index.html");
  writeFileSync(index, html);

  const reader = await open();
  const requests = [];
  reader.on("request", (request) => requests.push(request.url()));
  await reader.goto(pathToFileURL(index).href);
  assert.deepEqual(requests, [pathToFileURL(index).href]);
  assert.deepEqual(reader.trouble.filter((t) => !t.startsWith("request to file:")), []);
  const history = reader.getByRole("region", { name: "История" });
  const done = history.locator("tr").filter({ hasText: "Остатки FBS обнулены" });
  assert.match(await done.innerText(), /Коробки забрал водитель/);
  for (const width of [1280, 320]) {
    await reader.setViewportSize({ width, height: 800 });
    assert.ok((await overflow(reader)) <= 0, `it scrolls sideways at ${width}`);
    for (const colorScheme of ["light", "dark"]) {
      await reader.emulateMedia({ colorScheme });
      assert.deepEqual(await axe(reader), [], `${width}, ${colorScheme}`);
    }
  }
  // On a phone a row is a card: nothing of it lies beyond the window, and each value says what it is.
  const cut = await reader.locator("td").evaluateAll((all) => all.filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML));
  assert.deepEqual(cut, []);
  assert.equal(await done.locator("td").first().evaluate((e) => getComputedStyle(e, "::before").content), "\"Когда: \"");
  await reader.setViewportSize({ width: 718, height: 800 }); // of a sheet between its margins
  await reader.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.ok((await overflow(reader)) <= 0, "a sheet is too narrow");
  assert.equal(await reader.evaluate(() => getComputedStyle(document.body).color), "rgb(28, 33, 38)");
});
