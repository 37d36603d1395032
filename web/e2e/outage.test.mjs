// While the database does not answer: what was typed is not lost, with script and without.
import assert from "node:assert/strict";
import { test } from "node:test";
import { axe, openCase, signUp, start, submit } from "./harness.mjs";

const { server, open } = await start();

async function frozen(during) {
  server.postgres("SIGSTOP");
  try {
    await during();
  } finally {
    server.postgres("SIGCONT");
  }
}

async function say(page) {
  await page.goto(`${page.address}/steps/sell_out`);
  await page.getByLabel("Да, выполнен").check();
  await page.locator("#note").fill("Первая строка\n\nи «третья»");
}

for (const width of [1280, 320]) {
  test(`the page offers to send it again, at ${width} px`, async () => {
    // axe is script itself; the form then goes past htmx.
    const script = width === 320;
    const page = await open({ script, width });
    await signUp(page, { name: "Анна Петрова", email: `plain-${width}@example.com` });
    page.address = await openCase(page);
    await say(page);
    await frozen(async () => {
      const answered = page.waitForResponse((r) => r.request().method() === "POST");
      if (script) await page.evaluate(() => document.getElementById("save").form.submit());
      else await submit(page, "Сохранить");
      const answer = await answered;
      assert.equal(answer.status(), 503);
      assert.ok(answer.headers()["retry-after"]);
      await page.getByRole("heading", { level: 1, name: "Сервис временно недоступен" }).waitFor();
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/outage-${width}.png` });
      if (script) assert.deepEqual(await axe(page), []);
    });
    await page.getByRole("button", { name: "Отправить ещё раз" }).click();
    await page.getByTestId("overall").waitFor();
    await page.goto(`${page.address}/steps/sell_out`);
    assert.match(await page.locator("main").innerText(), /Первая строка\n+и «третья»/);
  });
}

test("with script the form stays, with the sentence above it", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "script@example.com" });
  page.address = await openCase(page);
  await say(page);
  await frozen(async () => {
    await submit(page, "Сохранить");
    await page.locator("#lost-notice", { hasText: "Подождите минуту и обновите страницу" }).waitFor();
    assert.match(await page.locator("#note").inputValue(), /третья/);
  });
  await submit(page, "Сохранить");
  await page.getByTestId("overall").waitFor();
});
