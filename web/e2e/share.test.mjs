// A5: an accountant from outside looks at one seller without an account.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, markAll, openCase, goodsGone, signUp, start, submit } from "./harness.mjs";

const { server, open } = await start();

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`a link to look at a wind-down, ${how}`, async () => {
    const [owner, visitor] = [await open({ script }), await open({ script })];
    await signUp(owner, { name: "Анна Петрова", email: `owner-${script}@example.com` });
    const address = await openCase(owner);
    const file = { name: "остатки.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n%%EOF\n") };
    await owner.request.post(`${address}/steps/zero_fbs/files?slot=stock_zero`, { multipart: { file } });
    await markAll(owner, address, ...goodsGone, "request_act");

    // Found where the people of the case are.
    await owner.goto(`${address}/people`);
    await owner.getByRole("link", { name: /Ссылки для просмотра/ }).click();
    await submit(owner, "Создать ссылку");
    assert.match(await text(owner.getByRole("alert")), /Напишите, для кого ссылка/);
    await check(owner);
    await owner.locator("#whom").fill("Аудит Плюс");
    await owner.getByLabel("Файлы", { exact: true }).check();
    await owner.locator("#days").fill("7");
    const password = `зимний сад у дома ${script}`;
    server.secret(password);
    await owner.locator("#password").fill(password);
    await submit(owner, "Создать ссылку");
    const link = await owner.locator("#invite-link").inputValue();
    server.secret(link.split("/").pop());
    await check(owner);
    await owner.reload();
    assert.equal(await owner.locator("#invite-link").count(), 0, "the address is shown once");
    assert.match(await text(owner.getByTestId("share-active")), /Аудит Плюс.*а также файлы.*С паролем.*20 ноября 2026.*Ещё не открывали/);

    // The visitor needs the password, and no account.
    const referers = [];
    visitor.on("request", (r) => referers.push(r.headers().referer ?? ""));
    await visitor.goto(link);
    await check(visitor);
    await visitor.locator("#password").fill("что-то не то");
    await submit(visitor, "Открыть");
    assert.match(await text(visitor.getByRole("alert")), /Пароль не подходит/);
    await visitor.locator("#password").fill(password);
    await submit(visitor, "Открыть");
    await visitor.getByTestId("overall").waitFor();
    server.secret(...(await visitor.context().cookies(link)).map((c) => c.value));
    await check(visitor);
    assert.equal(visitor.url(), link, "the address stays as it was sent");
    assert.match(await text(visitor.getByTestId("step-zero_fbs")), /Выполнено 12 ноября$/);
    assert.doesNotMatch(await text(visitor.locator("main")), /Петрова, |Отмечено/);
    assert.equal(await visitor.getByRole("main").locator("form, button, input").count(), 0, "nothing can be changed");
    assert.match(await text(visitor.locator("main")), /Запрошен/);
    const [answer] = await Promise.all([visitor.request.get(await visitor.getByRole("link", { name: "остатки.pdf" }).getAttribute("href"))]);
    assert.deepEqual([answer.status(), answer.headers()["cache-control"]], [200, "no-store"]);
    await visitor.getByRole("button", { name: "English" }).click();
    await visitor.getByText("You are looking through a link").waitFor();
    await visitor.getByRole("button", { name: "Русский" }).click();
    assert.deepEqual(referers.filter((r) => r.includes("/share/")), [], "no request tells the address");

    // The owner sees when, and ends it.
    await owner.reload();
    await owner.getByRole("link", { name: /Открывали 1 раз/ }).click();
    assert.match(await text(owner.locator("main")), /13 ноября 2026, 12:00 МСК/);
    assert.doesNotMatch(await text(owner.locator("main")), /127\.0\.0\.1/);
    await check(owner);
    await owner.getByRole("button", { name: /Отозвать/ }).click();
    await owner.getByTestId("share-revoked").waitFor();
    const gone = await visitor.goto(link);
    assert.equal(gone.status(), 410);
    assert.match(await text(visitor.locator("main")), /Ссылка больше не действует/);
    await check(visitor);
    await owner.goto(`${address}/history`);
    assert.match(await text(owner.locator("main")), /Отозвана ссылка для просмотра: Аудит Плюс.*Создана ссылка для просмотра: Аудит Плюс/);
  });
}
