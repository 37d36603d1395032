// A person chooses what he is written to about, ends the letters by the link under one of
// them, and takes his deadlines into a calendar of his own.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { anna, check, logIn, openCase, post, signUp, start, submit } from "./harness.mjs";

const mail = await mailbox();
const { server, open } = await start({ args: ["--smtp-url", mail.url, "--mail-from", "post@winddown.example", "--plan-every", "1s"] });

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
    assert.equal(await page.locator("input[name=kind]:checked").count(), 6);
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

// mailbox is a mail server on this machine that keeps what it is sent.
async function mailbox() {
  const letters = [];
  let waiting = () => {};
  const server = createServer((socket) => {
    let data = null;
    let rest = "";
    socket.setEncoding("utf8").on("error", () => {}).on("data", (chunk) => {
      rest += chunk;
      for (let at = rest.indexOf("\r\n"); at >= 0; at = rest.indexOf("\r\n")) {
        const line = rest.slice(0, at);
        rest = rest.slice(at + 2);
        if (data !== null && line === ".") {
          letters.push(data.join("\r\n"));
          data = null;
          waiting();
          socket.write("250 taken\r\n");
        } else if (data !== null) data.push(line.replace(/^\./, ""));
        else if (line === "DATA") {
          data = [];
          socket.write("354 go on\r\n");
        } else if (line === "QUIT") socket.end("221 bye\r\n");
        else socket.write(line.startsWith("EHLO") ? "250-localhost\r\n250 8BITMIME\r\n" : "250 ok\r\n");
      }
    });
    socket.write("220 localhost ready\r\n");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  server.unref();
  return {
    url: `smtp://127.0.0.1:${server.address().port}`,
    // letter waits for the letter to an address that holds a link to a path of ours, for a
    // minute in all.
    async letter(to, path) {
      const late = new Promise((_, missed) => {
        setTimeout(() => missed(new Error(`no letter to ${to} with ${path} among ${letters.length}`)), 60_000).unref();
      });
      late.catch(() => {});
      for (;;) {
        for (const raw of letters) {
          const [head] = raw.split("\r\n\r\n", 1);
          const text = Buffer.from(raw.replaceAll("=\r\n", ""), "utf8").toString();
          const found = head.includes(to) && text.match(new RegExp(`http://[^\\s"<>]+(${path}[A-Za-z0-9_-]+)`));
          if (found) return { head, path: found[1] };
        }
        await Promise.race([late, new Promise((arrived) => (waiting = arrived))]);
      }
    },
  };
}

test("the link under a letter", async () => {
  for (const script of [true, false]) {
    const page = await open({ script });
    const email = `stop-${script}@example.com`;
    await signUp(page, { name: "Анна Петрова", email });
    const address = await openCase(page, anna);
    await post(page, `${address}/deadlines`, { kind: "pick_up", what: "40 штук", from: "2026-11-12" });
    const confirm = await mail.letter(email, "/account/confirm/");
    page.server.secret(confirm.path.split("/").pop());
    await post(page, confirm.path);

    const letter = await mail.letter(email, "/unsubscribe/");
    page.server.secret(letter.path.split("/").pop());
    assert.match(letter.head, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/m);
    await page.context().clearCookies(); // whoever reads a letter is not signed in
    await page.goto(letter.path);
    await check(page);
    await submit(page, "Больше не присылать");
    await page.getByRole("heading", { name: "Письма больше не приходят" }).waitFor();
    await check(page);
    await submit(page, "Вернуть письма");
    await page.getByRole("heading", { name: "Письма снова приходят" }).waitFor();
    await check(page);
    const click = await fetch(server.url + letter.path, { method: "POST", body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) });
    assert.equal(click.status, 200);
    await logIn(page, email);
    await page.goto("/account/mail");
    assert.equal(await page.locator("input[name=frequency]:checked").inputValue(), "never");
  }
});
