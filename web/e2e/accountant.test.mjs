// The main job of an accountant: from the invitation to seeing, for every seller, whether
// the act was requested.
import assert from "node:assert/strict";
import { test } from "node:test";
import { anna, check, goodsGone, invite, logIn, logOut, mark, markAll, openCase, password, post, sellerRow, sellerRows, signUp, start, submit } from "./harness.mjs";

const { server, open } = await start({ seed: ["--sellers", "41"] });

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();

// joins opens an invitation as somebody without an account, and signs up.
async function joins(page, link, name, email) {
  await page.goto(link);
  await page.locator("#name").fill(name);
  await page.locator("#email").fill(email);
  await page.locator("#password").fill(password);
  await page.locator("#consent").check();
  await submit(page, "Зарегистрироваться и принять");
  await page.waitForURL((url) => !url.pathname.startsWith("/invites/"));
  page.server.secret(...(await page.context().cookies()).map((c) => c.value));
}

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`an accountant sees whether the act was requested, ${how}`, async () => {
    const [owner, accountant] = [await open({ script }), await open({ script })];
    await signUp(owner, { name: "Анна Петрова", email: `anna-${script}@example.com` });
    const address = await openCase(owner);
    const id = address.split("/").pop();
    await markAll(owner, address, ...goodsGone.slice(0, 3));

    const link = await invite(owner, address, "accountant");
    assert.ok(link.startsWith(`${server.url}/invites/`), link);
    await check(owner);
    await owner.reload();
    assert.equal(await owner.locator("#invite-link").count(), 0, "the link is shown once");

    await joins(accountant, link, "Мария Иванова", `maria-${script}@example.com`);
    assert.equal(new URL(accountant.url()).pathname, `/sellers/${id}`);
    await accountant.getByRole("status").getByText("Приглашение принято. Теперь продавец есть в вашем списке.").waitFor();
    await check(accountant);

    // Goods remain: too early.
    await accountant.getByRole("navigation", { name: "Основное" }).getByRole("link", { name: "Продавцы" }).click();
    const row = sellerRow(accountant, id);
    assert.equal(await text(accountant.getByTestId("sentence")), "Акт запрошен у 0 из 1 продавца. Запросить сейчас пока не у кого.");
    assert.equal(await text(accountant.getByTestId("group-early")), "Рано запрашивать · 1");
    assert.equal(await row.locator("xpath=..").getAttribute("data-state"), "early");
    assert.match(await text(row), /^ИП Петрова А\. С\. 500100732259 Не запрошен .*Забрать возвраты покупателей/);

    // All gone: it can be asked for.
    await markAll(owner, address, goodsGone[3]);
    await accountant.reload();
    assert.equal(await text(accountant.getByTestId("sentence")), "Акт запрошен у 0 из 1 продавца. У 1 можно запросить уже сейчас.");
    assert.equal(await text(accountant.getByTestId("group-ready")), "Пора запросить акт · 1");
    assert.match(await text(row), /Можно запросить/);

    // Asked for.
    await mark(owner, address, "request_act", { channel: "support", ticket: "48-1107" });
    await accountant.reload();
    assert.equal(await text(accountant.getByTestId("sentence")), "Акт запрошен у 1 из 1 продавца. Больше запрашивать не у кого.");
    assert.equal(await text(accountant.getByTestId("group-waiting")), "Ждём акт · 1");
    assert.match(await text(row), /Запрошен 12 ноября обращение 48-1107 WB, 1 день/);
    assert.match(await text(row), /17 ноября напомнить WB, через 4 дня/);
    await check(accountant);

    // The page of the seller, read-only.
    await row.getByRole("link", { name: anna.seller_name }).click();
    const act = accountant.getByRole("region", { name: "Акт сверки" });
    assert.match(await text(act), /^Акт сверки Запрошен 12 ноября Запрошен 12 ноября 2026 Как запросили Поддержка Номер обращения 48-1107/);
    assert.match(await text(act), /17, 23 и 26 ноября/);
    await check(accountant);
    await accountant.getByTestId("step-receive_act").getByRole("link").click();
    assert.equal(await accountant.getByRole("button", { name: "Сохранить" }).count(), 0, "an accountant marks nothing");
    const refused = await accountant.request.post(`${address}/steps/receive_act`, { form: { done: "yes", on: "2026-11-12", version: "1" }, maxRedirects: 0 });
    assert.equal(refused.status(), 404);

    // The owner allows it; the history names both.
    await owner.goto(`${address}/people`);
    await owner.getByLabel("Бухгалтер может отмечать шаги за меня").check();
    await owner.locator("form[action$='/acting'] button").click();
    await owner.getByRole("status").getByText("Теперь бухгалтер может отмечать шаги за вас.").waitFor();
    await accountant.goto(`${address}/steps/receive_act`);
    await accountant.getByLabel("Да, выполнен").check();
    await accountant.locator("#on").fill("2026-11-13");
    await accountant.locator("#reason_act_file").fill("Акт на бумаге");
    await submit(accountant, "Сохранить");
    await accountant.getByRole("status").getByText("Шаг «Получить акт» отмечен").waitFor();
    await owner.goto(address);
    assert.match(await text(owner.getByTestId("step-receive_act")), /13 ноября, Мария Иванова за ИП Петрова А\. С\.$/);

    // Out at once.
    await owner.goto(`${address}/people`);
    await owner.getByRole("link", { name: /^Убрать\s*: Мария Иванова$/ }).click();
    await submit(owner, "Убрать");
    await owner.getByRole("status").getByText("Доступ закрыт.").waitFor();
    if (script) await accountant.getByRole("heading", { name: "Страница не найдена" }).waitFor(); // the open page goes by itself
    for (const path of [`/sellers/${id}`, address, `${address}/steps/receive_act`, `${address}/history`, `${address}/people`]) {
      assert.equal((await accountant.goto(path)).status(), 404, path);
    }
    await accountant.goto("/sellers");
    assert.match(await text(accountant.getByRole("main")), /Продавцов пока нет/);
    await check(accountant);
  });

  test(`a helper ticks for the seller, ${how}`, async () => {
    const [owner, helper] = [await open({ script }), await open({ script })];
    await signUp(owner, { name: "Ольга Ким", email: `olga-${script}@example.com` });
    const address = await openCase(owner, { ...anna, seller_name: "ИП Ким О. А." });

    // Somebody with an account signs in on the way and accepts.
    await signUp(helper, { name: "Вера Иванова", email: `vera-${script}@example.com` });
    await logOut(helper);
    await helper.goto(await invite(owner, address, "helper"));
    await helper.getByRole("link", { name: "У меня есть учётная запись: войти и принять" }).click();
    await helper.locator("#email").fill(`vera-${script}@example.com`);
    await helper.locator("#password").fill(password);
    await submit(helper, "Войти");
    await helper.getByRole("main").getByText(`Вы вошли как Вера Иванова (vera-${script}@example.com).`).waitFor();
    await submit(helper, "Принять");
    await helper.getByTestId("overall").waitFor();
    assert.equal(new URL(helper.url()).pathname, address);

    await helper.getByTestId("step-zero_fbs").getByRole("link").click();
    await helper.getByLabel("Да, выполнен").check();
    await helper.locator("#reason_stock_zero").fill("Кабинет закрыт");
    await submit(helper, "Сохранить");
    await helper.getByTestId("overall").waitFor();
    assert.match(await text(helper.getByTestId("step-zero_fbs")), /Выполнено 13 ноября, Вера Иванова за ИП Ким О\. А\.$/);
    await owner.goto(`${address}/history`);
    assert.match(await text(owner.locator(".timeline > li").nth(1)), /^Остатки FBS обнулены 13 ноября 2026, \d\d:\d\d МСК · Вера Иванова за ИП Ким О\. А\./);
    assert.equal(await helper.getByRole("link", { name: "Ответы на вопросы" }).count(), 0, "answers are the owner's");
  });

  test(`the register is filtered and sorted, ${how}`, async () => {
    const page = await open({ script });
    await logIn(page, "buh@example.com");
    assert.equal(new URL(page.url()).pathname, "/sellers");
    const rows = sellerRows(page);
    const groups = () => page.locator("tr[data-testid^='group-']").evaluateAll((all) => all.map((r) => r.dataset.testid.slice(6)));
    const address = () => new URL(page.url()).pathname + new URL(page.url()).search;
    assert.deepEqual(await groups(), ["problem", "ready", "overdue", "received", "debt", "finish", "waiting", "early"]);

    // With script nothing is loaded but the main element.
    const documents = [];
    page.on("request", (r) => r.isNavigationRequest() && documents.push(r.url()));
    const loads = () => documents.splice(0).length;

    // The numbers of the sentence are those of the rows they lead to.
    const sentence = page.getByTestId("sentence");
    assert.match(await text(sentence), /^Акт запрошен у \d+ из \d+ продавц(а|ов)\. (У \d+ можно запросить уже сейчас|Запросить сейчас пока не у кого|Больше запрашивать не у кого)\.$/);
    for (const link of [0, 1]) {
      const n = Number(await sentence.getByRole("link").nth(link).innerText());
      assert.ok(n > 0, "the sample has such sellers");
      await sentence.getByRole("link").nth(link).click();
      await page.locator(".chip").first().waitFor();
      assert.equal(await rows.count(), n);
      assert.match(await text(page.locator("p.under")), new RegExp(`^${n} продав`));
      await page.getByRole("link", { name: "Сбросить фильтры" }).click();
      await page.locator(".chip").first().waitFor({ state: "detached" });
    }

    loads();
    await page.locator("input[name=act][value=not_requested]").check();
    await page.locator("input[name=group][value=ready]").check();
    await page.locator("input[name=group][value=problem]").check();
    await page.getByRole("button", { name: "Показать" }).click();
    await page.locator(".chip").first().waitFor();
    assert.deepEqual(await page.locator(".chip").evaluateAll((all) => all.map((c) => c.firstChild.textContent.trim())),
      ["Акт: не запрошен", "Группа: есть проблема", "Группа: пора запросить акт"]);
    assert.deepEqual(await groups(), ["problem", "ready"]);
    const filtered = address();
    assert.deepEqual([...new URL(page.url()).searchParams].filter(([, value]) => value !== ""), [["act", "not_requested"], ["group", "problem"], ["group", "ready"]]);
    assert.equal(loads(), script ? 0 : 1);
    assert.equal(await page.locator("input[name=group][value=ready]").isChecked(), true, "the form shows what is chosen");
    if (script) assert.equal(await page.evaluate(() => document.activeElement.id), "show", "the button keeps the focus");
    await check(page);

    // The same address shows the same, and back leads back.
    const before = await rows.count();
    await page.getByRole("link", { name: /^Группа: есть проблема\s*: убрать$/ }).click();
    await page.getByTestId("group-problem").waitFor({ state: "detached" });
    assert.deepEqual(await groups(), ["ready"]);
    await page.goBack();
    await page.getByTestId("group-problem").waitFor();
    assert.equal(address(), filtered);
    assert.equal(await rows.count(), before);
    await page.goto(filtered);
    assert.equal(await rows.count(), before);

    // Sorting survives filtering, and filters survive sorting.
    const header = page.getByRole("columnheader", { name: "Продавец" });
    await header.getByRole("link").click();
    await page.locator("th[aria-sort=ascending]", { hasText: "Продавец" }).waitFor();
    assert.equal(await rows.count(), before);
    await header.getByRole("link").click();
    await page.locator("th[aria-sort=descending]", { hasText: "Продавец" }).waitFor();
    for (const group of ["problem", "ready"]) {
      const names = await page.locator(`tbody[data-state=${group}] th a`).allInnerTexts();
      assert.deepEqual(names, names.toSorted((a, b) => b.localeCompare(a, "ru")), group);
      assert.ok(names.length > 1);
    }
    await page.getByRole("searchbox").fill("петрова");
    await page.getByRole("searchbox").press("Enter");
    await page.locator(".chip", { hasText: "Поиск: петрова" }).waitFor();
    assert.equal(new URL(page.url()).searchParams.get("sort"), "-name");
    for (const name of await sellerRows(page).locator("th a").allInnerTexts()) assert.match(name, /Петрова/);

    // None left, and a way out.
    await page.getByRole("searchbox").fill("нет такого");
    await page.getByRole("button", { name: "Показать" }).click();
    await page.getByText("По этим фильтрам никого нет.").waitFor();
    await check(page);
    await page.locator(".empty").getByRole("link", { name: "Сбросить фильтры" }).click();
    await page.getByTestId("group-waiting").waitFor();

    // Finished ones stand behind a box of their own.
    assert.equal(await page.getByTestId("group-finished").count(), 0);
    await page.getByLabel("Показать завершённых").check();
    await page.getByRole("button", { name: "Показать" }).click();
    await page.getByTestId("group-finished").waitFor();
  });
}

test("an accountant adds a seller, whose owner comes later", async () => {
  const [accountant, owner] = [await open(), await open()];
  await signUp(accountant, { name: "Ирина Орлова", email: "irina@example.com" });
  await accountant.goto("/sellers");
  await accountant.getByRole("link", { name: "Добавить продавца" }).click();
  await accountant.locator("#seller_name").fill("ООО «Маяк»");
  await accountant.locator("#inn").fill("7707083893");
  await accountant.locator("input[name=fbs][value=no]").check();
  await accountant.locator("input[name=wb_stock][value=no]").check();
  await submit(accountant, "Добавить продавца");
  await accountant.getByText("У ухода пока нет владельца").first().waitFor();
  const id = new URL(accountant.url()).pathname.split("/").pop();
  await check(accountant);
  await accountant.getByRole("link", { name: "Пригласить владельца" }).click();
  await joins(owner, await invite(accountant, `/cases/${id}`, "owner"), "Дарья Гусева", "darya@example.com");
  assert.equal(new URL(owner.url()).pathname, `/cases/${id}`);
  await owner.getByRole("heading", { level: 1, name: "Уход с Wildberries: ООО «Маяк»" }).waitFor();
  await post(owner, `/cases/${id}/steps/sell_out`, { done: "yes", on: "2026-11-12", version: "1" });
  await accountant.goto(`/sellers/${id}`);
  assert.match(await text(accountant.getByTestId("step-sell_out")), /12 ноября, Дарья Гусева$/);
});
