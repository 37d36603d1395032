// A person chooses what he is written to about, ends the letters by the link under one of
// them, and takes his deadlines into a calendar of his own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anna, check, openCase, post, signUp, start, submit } from "./harness.mjs";

const { server, open } = await start();

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`choices about letters, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `mail-${script}@example.com` });
    await page.goto("/account");
    await page.getByRole("link", { name: "Письма и календарь" }).click();
    await page.waitForURL("**/account/mail");
    await check(page);
    await page.getByLabel("Раз в неделю").first().check();
    await page.getByLabel("День недели").selectOption("3");
    await page.getByLabel("В котором часу").selectOption("18");
    await page.getByLabel("Вопросы и ответы").uncheck();
    await page.locator("input[name=inbox][value=week]").check();
    await submit(page, "Сохранить");
    await page.getByText("Сохранено.").waitFor();
    await check(page);
    await page.reload();
    assert.equal(await page.locator("input[name=frequency]:checked").inputValue(), "weekly");
    assert.equal(await page.locator("#weekday").inputValue(), "3");
    assert.equal(await page.locator("#hour").inputValue(), "18");
    assert.equal(await page.locator("input[name=inbox]:checked").inputValue(), "week");
    assert.equal(await page.getByLabel("Вопросы и ответы").isChecked(), false);
    assert.equal(await page.locator("input[name=kind]:checked").count(), 5);
  });

  test(`a calendar of one's own, ${how}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `calendar-${script}@example.com` });
    const address = await openCase(page, anna);
    await post(page, `${address}/deadlines`, { kind: "pick_up", what: "40 штук", from: "2026-11-12" });
    const feed = async (name) => {
      await page.goto("/account/mail");
      await submit(page, name);
      const link = page.locator("#feed-link");
      await link.waitFor();
      const url = await link.inputValue();
      page.server.secret(url.split("/").pop().replace(".ics", ""));
      return url;
    };
    const first = await feed("Получить ссылку на календарь");
    await check(page);
    const anybody = await fetch(first);
    assert.equal(anybody.status, 200);
    assert.equal(anybody.headers.get("content-type"), "text/calendar; charset=utf-8");
    const text = (await anybody.text()).replaceAll("\r\n ", "");
    assert.match(text, /DTSTART;VALUE=DATE:20261119\r\n/);
    assert.match(text, /SUMMARY:ИП Петрова А. С.: забрать возвраты\r\n/);
    const second = await feed("Получить новую ссылку");
    assert.equal((await fetch(first)).status, 410);
    assert.equal((await fetch(second)).status, 200);
    await submit(page, "Отозвать ссылку");
    await page.getByText("Ссылка отозвана").waitFor();
    await check(page);
    assert.equal((await fetch(second)).status, 410);
    assert.equal(await page.getByText("Ссылка действует").count(), 0);
  });
}
