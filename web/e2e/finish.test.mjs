// The end of a wind-down: not with an open debt, everything once more, the confirmation, and
// one file that can be checked without us.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { allSteps, axe, binary, check, mark, markAll, openCase, overflow, signUp, start, submit } from "./harness.mjs";

const { server, open } = await start();
const dir = mkdtempSync(join(tmpdir(), "winddown-pack-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").replaceAll(" : ", ": ").trim();

// verify runs the program on a file, which needs neither the server nor its database.
function verify(file) {
  try {
    return { code: 0, said: execFileSync(binary, ["verify", file], { encoding: "utf8", env: { PATH: process.env.PATH }, stdio: ["ignore", "pipe", "pipe"] }) };
  } catch (error) {
    return { code: error.status, said: error.stdout };
  }
}

// changed is a copy of a pack with one bit of a file in it turned.
function changed(file, inside) {
  const data = readFileSync(file);
  const at = data.indexOf(inside);
  assert.ok(at > 0, `the pack holds ${inside}`);
  data[at] ^= 1;
  const copy = file.replace(".zip", "-changed.zip");
  writeFileSync(copy, data);
  return copy;
}

for (const script of [true, false]) {
  test(`a wind-down is finished and its pack is kept, ${script ? "with script" : "without script"}`, async () => {
    const page = await open({ script });
    await signUp(page, { name: "Анна Петрова", email: `finish-${script}@example.com` });
    const address = await openCase(page);
    await markAll(page, address, ...allSteps.filter((code) => code !== "zero_fbs" && code !== "settle_debts").slice(0, 3));

    // A file as proof.
    await page.goto(`${address}/steps/zero_fbs`);
    const slot = page.getByTestId("slot-stock_zero");
    const form = slot.locator("details:has(form)");
    if (!(await form.evaluate((e) => e.open))) await form.locator("summary").click();
    await page.locator("#file_stock_zero").setInputFiles({
      name: "Остатки ноль.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.4\n% nothing is left\n%%EOF\n"),
    });
    await page.locator("#file_stock_zero-send").click();
    await slot.getByRole("link", { name: "Остатки ноль.pdf", exact: true }).waitFor();
    await mark(page, address, "zero_fbs");
    await markAll(page, address, "strip_media", "request_act", "receive_act", "sign_act");

    // With a debt there is no end.
    await page.goto(`${address}/debts`);
    await page.locator("input[name=side][value=to_wb]").check();
    await page.locator("#what").fill("Хранение за октябрь");
    await page.locator("#amount").fill("3 418,20");
    await page.locator("#on").fill("2026-11-10");
    await page.locator(`main form[action='${address}/debts'] button[type=submit]`).click();
    await page.getByRole("link", { name: "Хранение за октябрь" }).waitFor();
    await page.goto(`${address}/finish`);
    assert.equal(await page.getByRole("button", { name: "Завершить уход" }).count(), 0);
    assert.match(await text(page.locator("main")), /Вы должны WB 3 418,20 ₽ Чтобы завершить уход, сведите расчёты к нулю/);
    const blocked = page.locator("main .notice").filter({ hasText: "Завершить пока нельзя." });
    assert.deepEqual(await blocked.getByRole("link").evaluateAll((links) => links.map((a) => a.pathname)), [`${address}/steps/settle_debts`, `${address}/debts`]);
    assert.equal((await page.request.post(`${address}/finish`, { form: { version: "1" }, maxRedirects: 0 })).status(), 409);
    await check(page);
    await page.setViewportSize({ width: 320, height: 640 });
    assert.ok((await overflow(page)) <= 0, "no sideways scroll at 320 px");
    await page.setViewportSize({ width: 1280, height: 900 });

    // Paid, the last step can be marked, and the end is there.
    await blocked.getByRole("link").last().click();
    await page.getByRole("link", { name: "Хранение за октябрь" }).first().click();
    await page.locator("main form[action$='/settle'] #on").fill("2026-11-12");
    await page.locator("main form[action$='/settle'] button[type=submit]").click();
    await page.getByText("Погашен 12 ноября 2026").first().waitFor();
    await mark(page, address, "settle_debts");
    await page.goto(`${address}/finish`);
    const all = await text(page.locator("main"));
    for (const said of ["Подтверждения 1 файл Изменить: подтверждения шага «Обнулить остатки FBS»", "Указать номер обращения", "Отметить подпись WB Завершить уход это не мешает", "Уход не завершён, пока вы не нажмёте кнопку."]) {
      assert.ok(all.includes(said), `${said}\n${all}`);
    }
    await submit(page, "Завершить уход");
    await page.getByRole("heading", { level: 1, name: "Уход завершён" }).waitFor();
    assert.match(await text(page.locator("main")), /Кабинет на Wildberries этот сервис не закрывает/);
    await check(page);
    if (script) {
      await page.emulateMedia({ colorScheme: "dark" });
      assert.deepEqual(await axe(page), [], "dark");
      await page.emulateMedia({ colorScheme: "light" });
    }

    // One file, whole and checked without the server.
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Скачать пакет документов" }).click();
    const pack = await download;
    assert.match(pack.suggestedFilename(), /^Уход с WB 2026-11-13 — ИП Петрова А. С\.zip$/);
    const file = join(dir, `${script}.zip`);
    await pack.saveAs(file);
    const whole = verify(file);
    assert.equal(whole.code, 0, whole.said);
    assert.match(whole.said, /^OK: \d+ files, \d+ events\n/);
    for (const [inside, named] of [["% nothing is left", "evidence/01-zero_fbs/stock_zero/v1-Ostatki-nol.pdf: was altered"], ["step_done", "history.jsonl: was altered"]]) {
      const other = verify(changed(file, inside));
      assert.equal(other.code, 1);
      assert.ok(other.said.includes(named), other.said);
    }

    // The same is at hand from the checklist.
    await page.goto(address);
    assert.equal(await page.getByRole("link", { name: "Скачать пакет документов" }).getAttribute("href"), `${address}/pack.zip`);
    assert.deepEqual(readFileSync(file), await (await page.request.get(`${address}/pack.zip`)).body(), "taken again, the pack is the same");
  });
}

test("the page in the pack needs nothing but itself", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "index@example.com" });
  const address = await openCase(page);
  await mark(page, address, "zero_fbs", { note: "<b>Коробки</b> забрал водитель" });
  const file = join(dir, "index.zip");
  writeFileSync(file, await (await page.request.get(`${address}/pack.zip`)).body());
  const data = readFileSync(file);
  const from = data.indexOf("<!doctype html>");
  const html = data.subarray(from, data.indexOf("</html>", from) + "</html>".length);
  const index = join(dir, "index.html");
  writeFileSync(index, html);

  const reader = await open();
  const requests = [];
  reader.on("request", (request) => requests.push(request.url()));
  await reader.goto(pathToFileURL(index).href);
  assert.deepEqual(requests, [pathToFileURL(index).href]);
  assert.deepEqual(reader.trouble.filter((t) => !t.startsWith("request to file:")), []);
  assert.deepEqual(await axe(reader), []);
  assert.ok(await reader.getByText("<b>Коробки</b> забрал водитель").first().isVisible());
  assert.equal(await reader.locator("h1").count(), 1);
  assert.equal(await reader.locator("article").count(), 2, "one a language");
  await reader.setViewportSize({ width: 320, height: 640 });
  assert.ok((await overflow(reader)) <= 0, "no sideways scroll at 320 px");
  const sheet = await reader.pdf({ preferCSSPageSize: true });
  assert.ok(sheet.length > 1000);
  assert.ok(server.url);
});
