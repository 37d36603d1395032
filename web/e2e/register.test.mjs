// The register of a firm of hundreds: the money group in under ten clicks, and saved filters.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { check, logIn, post, sellerRow, sellerRows, signUp, start, submit } from "./harness.mjs";

const { server, open } = await start({ seed: ["--sellers", "500"] });

const text = async (locator) => (await locator.innerText()).replace(/\s+/g, " ").trim();

test("a lead finds whose act can be requested, assigns ten, reminds and exports them in under ten clicks", async () => {
  const admin = await open();
  await logIn(admin, "buh@example.com");
  const page = await open();
  await signUp(page, { name: "Ольга Беляева", email: "lead@example.com" });
  await post(admin, "/firm/invites", { role: "lead" });
  await admin.goto("/firm");
  const link = await admin.locator("#invite-link").inputValue();
  server.secret(link.split("/").pop());
  await post(page, new URL(link).pathname);

  let clicks = 0;
  const click = async (what, options) => {
    clicks++;
    await what.click(options);
  };
  const boxes = page.locator("input[name=case]");
  const chosen = () => page.locator("input[name=case]:checked").count();
  await page.goto("/sellers");
  await click(page.getByTestId("sentence").getByRole("link").last());
  await page.waitForURL((url) => url.search === "?group=ready");
  await click(boxes.first());
  await click(boxes.nth(9), { modifiers: ["Shift"] });
  assert.equal(await chosen(), 10);
  await check(page);
  await click(page.getByRole("button", { name: "Назначить ответственного" }));
  await page.getByRole("heading", { level: 1, name: "Назначить ответственного?" }).waitFor();
  clicks++;
  await page.locator("#to").selectOption({ label: "Ольга Беляева" });
  await click(page.getByRole("button", { name: "Назначить", exact: true }));
  await page.getByRole("status").getByText("Ответственный изменён у 10 продавцов.").waitFor();
  assert.equal(await chosen(), 10, "the same ten are still chosen");
  await click(page.getByRole("button", { name: "Напомнить продавцу" }));
  await page.getByRole("heading", { level: 1, name: "Напомнить продавцам?" }).waitFor();
  await page.getByText("запросите акт сверки").first().waitFor();
  await click(page.getByRole("button", { name: "Отправить" }));
  await page.getByRole("status").getByText(/Напоминание отправлено \d+ продавц/).waitFor();
  assert.equal(await chosen(), 10);
  const download = page.waitForEvent("download");
  await click(page.getByRole("button", { name: "Выгрузить CSV" }));
  const lines = (await readFile(await (await download).path(), "utf8")).trim().split("\n");
  assert.equal(lines.length, 11, "a head and ten sellers");
  assert.ok(lines.slice(1).every((line) => line.includes("Ольга Беляева")));
  assert.ok(clicks < 10, `${clicks} clicks`);
});

test("a preview of a reminder that is loaded again leads to the list", async () => {
  const page = await open();
  await logIn(page, "buh@example.com");
  const preview = async () => {
    await page.goto("/sellers?group=early");
    await page.locator("input[name=case]").first().check();
    await page.getByRole("button", { name: "Напомнить продавцу" }).click();
    await page.locator("#text").fill("Пришлите акт до пятницы");
    await page.getByRole("button", { name: "Показать, что придёт" }).click();
    await page.getByRole("blockquote").getByText("Пришлите акт до пятницы").waitFor();
    assert.equal(new URL(page.url()).pathname, "/sellers/remind");
  };
  for (const again of [() => page.reload(), () => page.goBack()]) {
    await preview();
    await again();
    await page.getByRole("heading", { level: 1, name: "Продавцы" }).waitFor();
    assert.equal(page.url(), `${server.url}/sellers`);
  }
});

for (const script of [true, false]) {
  test(`filters are saved, opened first, and dropped, with script ${script ? "on" : "off"}`, async () => {
    const page = await open({ script });
    await logIn(page, "buh@example.com");
    const name = `Срочные ${script ? 1 : 2}`;
    await page.goto(`/sellers?due=overdue&sort=${script ? "name" : "act"}`);
    await page.getByRole("link", { name: "Сохранить эти фильтры" }).click();
    await check(page);
    await submit(page, "Сохранить фильтры");
    await page.getByRole("alert").getByText("Введите название").waitFor();
    await page.getByLabel("Название").fill(name);
    await page.getByLabel("Открывать сразу после входа").check();
    await submit(page, "Сохранить фильтры");
    await page.getByRole("status").getByText("Фильтры сохранены.").waitFor();
    const views = page.getByRole("navigation", { name: "Сохранённые фильтры" });
    assert.equal(await text(views.locator("[aria-current]")), name);
    await page.goto("/");
    assert.equal(page.url(), `${server.url}/sellers?due=overdue&sort=${script ? "name" : "act"}`);
    await views.getByRole("link", { name: "Все фильтры" }).click();
    await page.getByRole("listitem").filter({ hasText: name }).getByRole("link", { name: /^Изменить/ }).click();
    await check(page);
    await page.getByLabel("Показывать над списком продавцов").uncheck();
    await page.getByLabel("Открывать сразу после входа").uncheck();
    await submit(page, "Сохранить");
    await page.getByRole("status").getByText("Сохранено.").waitFor();
    await page.goto("/sellers");
    assert.equal(await views.getByRole("link", { name }).count(), 0);
    await page.goto("/sellers/views");
    await page.getByRole("listitem").filter({ hasText: name }).getByRole("link", { name: /^Изменить/ }).click();
    await submit(page, "Удалить");
    await page.getByRole("status").getByText("Удалено.").waitFor();
    assert.equal(await page.getByRole("link", { name, exact: true }).count(), 0);
  });

  test(`sellers go into the archive and come back, with script ${script ? "on" : "off"}`, async () => {
    const page = await open({ script });
    await logIn(page, "buh@example.com");
    await page.goto("/sellers?group=early");
    await submit(page, "В архив");
    await page.getByRole("alert").getByText("Выберите хотя бы одного продавца").waitFor();
    const row = sellerRows(page).first();
    const id = await row.getByRole("checkbox").getAttribute("value");
    await row.getByRole("checkbox").check();
    await submit(page, "В архив");
    await page.getByRole("radio", { name: /^Всех, кого нашли фильтры: \d+$/ }).waitFor();
    await check(page);
    await submit(page, "Убрать в архив");
    await page.getByRole("status").getByText("В архив убран 1 продавец.").waitFor();
    assert.equal(await sellerRow(page, id).count(), 0);
    await page.goto("/sellers?archive=yes");
    await sellerRow(page, id).getByRole("checkbox").check();
    await submit(page, "Вернуть из архива");
    await submit(page, "Вернуть");
    await page.getByRole("status").getByText("Из архива возвращён 1 продавец.").waitFor();
    await page.goto("/sellers?archive=yes");
    assert.equal(await sellerRow(page, id).count(), 0);
  });
}
