// A firm grows from one person to many: its people come by links, share the sellers, and
// whoever leaves is out at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, invite, openCase, password, post, sellerRow, sellerRows, signUp, start, submit } from "./harness.mjs";

const { server, open } = await start();

const text = async (locator) => (await locator.innerText()).replaceAll(/\s+/g, " ").trim();

// inn is the n-th of many taxpayer numbers of companies with right check digits.
function inn(n) {
  const s = `77${String(n).padStart(7, "0")}`;
  const sum = [2, 4, 10, 3, 5, 9, 4, 6, 8].reduce((all, w, i) => all + w * Number(s[i]), 0);
  return s + String((sum % 11) % 10);
}

// addSeller adds a seller whose books the person keeps, and returns his id.
async function addSeller(page, name, n) {
  const address = await post(page, "/sellers", { seller_name: name, inn: inn(n), fbs: "yes", wb_stock: "yes", leftover: "both" });
  return address.split("/").pop();
}

// inviteToFirm makes a link on the firm's page.
async function inviteToFirm(page, role) {
  await page.goto("/firm");
  await page.locator(`input[name=role][value=${role}]`).check();
  await page.locator("form[action='/firm/invites'] button").click();
  const link = await page.locator("#invite-link").inputValue();
  page.server.secret(link.split("/").pop());
  return link;
}

// joins opens a link as somebody without an account, and signs up.
async function joins(page, link, name, email) {
  await page.goto(link);
  await page.locator("#name").fill(name);
  await page.locator("#email").fill(email);
  await page.locator("#password").fill(password);
  await page.locator("#consent").check();
  await submit(page, "Зарегистрироваться и принять");
  await page.waitForURL((url) => url.pathname === "/firm");
  page.server.secret(...(await page.context().cookies()).map((c) => c.value));
}

const rows = (page) => sellerRows(page).locator("th a").evaluateAll((all) => all.map((a) => a.pathname.split("/").pop()).sort());

for (const script of [true, false]) {
  const how = script ? "with script" : "without script";

  test(`a firm of many, ${how}`, async () => {
    const [admin, lead, accountant] = [await open({ script }), await open({ script }), await open({ script })];
    await signUp(admin, { name: "Мария Иванова", email: `admin-${script}@example.com` });

    // Founded by somebody without a firm.
    await admin.goto("/sellers");
    await admin.getByRole("link", { name: "Создать фирму" }).click();
    await submit(admin, "Создать фирму");
    assert.match(await text(admin.getByRole("alert")), /Напишите название фирмы/);
    await check(admin);
    await admin.locator("#name").fill("Учёт и порядок");
    await submit(admin, "Создать фирму");
    await admin.getByRole("status").getByText("Фирма создана.").waitFor();
    await check(admin);

    const ids = [];
    for (let i = 0; i < 12; i++) ids.push(await addSeller(admin, `ООО «Маяк ${String(i).padStart(2, "0")}»`, i + 1));
    const ten = ids.slice(0, 10).sort();

    // A lead and an accountant come by links; a used one leads nowhere.
    const link = await inviteToFirm(admin, "lead");
    assert.ok(link.startsWith(`${server.url}/firm/join/`), link);
    await check(admin);
    await joins(lead, link, "Ольга Беляева", `lead-${script}@example.com`);
    await lead.getByRole("status").getByText("Теперь вы работаете в этой фирме.").waitFor();
    await check(lead);
    assert.equal((await (await open({ script })).goto(link)).status(), 410);
    await joins(accountant, await inviteToFirm(admin, "accountant"), "Дарья Ершова", `accountant-${script}@example.com`);
    await check(accountant);
    await accountant.goto("/sellers");
    assert.match(await text(accountant.getByRole("main")), /Продавцов пока нет/);
    await lead.goto("/sellers");
    assert.deepEqual(await rows(lead), [...ids].sort(), "a lead sees all");

    // Nothing ticked, then nobody chosen.
    await admin.goto("/sellers?sort=name");
    await submit(admin, "Назначить ответственного");
    await admin.getByRole("alert").getByText("Выберите хотя бы одного продавца").waitFor();
    await check(admin);
    for (const id of ten) await sellerRow(admin, id).getByRole("checkbox").check();
    await submit(admin, "Назначить ответственного");
    await admin.getByRole("heading", { level: 1, name: "Назначить ответственного?" }).waitFor();
    await check(admin);
    await submit(admin, "Назначить");
    await admin.getByRole("alert").getByText("Выберите ответственного").waitFor();
    await admin.locator("#to").selectOption({ label: "Дарья Ершова" });
    await check(admin);
    await submit(admin, "Назначить");
    await admin.getByRole("status").getByText("Ответственный изменён у 10 продавцов.").waitFor();
    assert.equal(new URL(admin.url()).search, "?sort=name", "back to the list as it was");
    await check(admin);

    // The accountant sees exactly these; the filter finds them too.
    await accountant.goto("/sellers");
    assert.deepEqual(await rows(accountant), ten);
    assert.equal(await accountant.getByRole("button", { name: "Назначить ответственного" }).count(), 0, "an accountant assigns nobody");
    assert.equal((await accountant.goto(`/sellers/${ids[11]}`)).status(), 404);
    await admin.locator("#responsible").selectOption({ label: "Дарья Ершова" });
    await submit(admin, "Показать");
    await admin.getByRole("link", { name: "Ответственный: Дарья Ершова" }).waitFor();
    assert.deepEqual(await rows(admin), ten);
    await check(admin);

    // Removed on a second page that says what happens; signed out at once.
    await admin.goto("/firm");
    await admin.getByTestId(`member-accountant-${script}@example.com`).getByRole("link", { name: /^Изменить/ }).click();
    await check(admin);
    await admin.getByRole("link", { name: "Убрать из фирмы" }).click();
    await admin.getByText("10 продавцов останутся в фирме без ответственного.").waitFor();
    await check(admin);
    await submit(admin, "Убрать");
    await admin.getByRole("status").getByText("10 продавцов остались без ответственного.").waitFor();
    await accountant.goto("/sellers");
    assert.equal(new URL(accountant.url()).pathname, "/login", "signed out at once");
    await admin.getByText("У 10 продавцов нет ответственного.").waitFor();
    await check(admin);
    await admin.getByRole("link", { name: "Показать и назначить" }).click();
    await admin.getByRole("link", { name: "Без ответственного" }).first().waitFor();
    assert.deepEqual(await rows(admin), ten);
    await check(admin);

    // The last admin stays.
    await admin.goto("/firm");
    await admin.getByTestId(`member-admin-${script}@example.com`).getByRole("link", { name: /^Изменить/ }).click();
    await admin.getByRole("radio", { name: "Руководитель" }).check();
    await submit(admin, "Сохранить роль");
    await admin.getByRole("alert").getByText("Это последний администратор фирмы.").waitFor();
  });

  test(`two firms, and an owner who leaves, ${how}`, async () => {
    const [first, second, both, owner] = [await open({ script }), await open({ script }), await open({ script }), await open({ script })];
    await signUp(first, { name: "Первая", email: `first-${script}@example.com` });
    await signUp(second, { name: "Вторая", email: `second-${script}@example.com` });
    await signUp(both, { name: "Вера Ким", email: `both-${script}@example.com` });
    await signUp(owner, { name: "Анна Петрова", email: `owner-${script}@example.com` });
    await post(first, "/firm", { name: "Баланс" });
    await post(second, "/firm", { name: "Кедр и партнёры" });
    await both.goto(await inviteToFirm(first, "lead"));
    await submit(both, "Принять");
    await both.waitForURL((url) => url.pathname === "/firm");
    const kept = await addSeller(first, "ООО «Оникс»", 100 + Number(script));
    await both.goto(await inviteToFirm(second, "accountant"));
    await submit(both, "Принять");
    await both.waitForURL((url) => url.pathname === "/firm");
    const nav = both.getByRole("navigation", { name: "Основное" });
    await nav.getByRole("link", { name: "Кедр и партнёры" }).waitFor();

    // A seller who owns his data comes to the second firm.
    const address = await openCase(owner);
    await both.goto(await invite(owner, address, "accountant"));
    await submit(both, "Принять");
    await both.goto("/sellers");
    assert.deepEqual(await rows(both), [address.split("/").pop()]);
    await both.goto("/firm");
    await both.getByRole("link", { name: "Сменить фирму" }).click();
    await check(both);
    await both.getByRole("radio", { name: "Баланс" }).check();
    await submit(both, "Выбрать");
    await nav.getByRole("link", { name: "Баланс" }).waitFor();
    assert.deepEqual(await rows(both), [kept]);

    // Without anybody responsible the owner still finds the firm, and the way out of it.
    await post(second, "/sellers/assign", { case: address.split("/").pop(), to: "none" });
    assert.equal((await both.goto(address)).status(), 404);
    assert.equal((await second.goto(address.replace("/cases/", "/sellers/"))).status(), 200);
    await owner.goto(`${address}/people`);
    await owner.getByText("Уход ведёт фирма «Кедр и партнёры».").waitFor();
    await check(owner);
    await owner.getByRole("link", { name: "Уйти из фирмы" }).click();
    await check(owner);
    await submit(owner, "Уйти из фирмы");
    await owner.getByRole("status").getByText("Фирма больше не видит этот уход.").waitFor();
    if (script) await second.getByRole("heading", { name: "Страница не найдена" }).waitFor(); // the open page goes by itself
    assert.equal((await second.goto(address.replace("/cases/", "/sellers/"))).status(), 404);
    await second.goto("/sellers");
    assert.match(await text(second.getByRole("main")), /Продавцов пока нет/);
    await owner.goto(`${address}/history`);
    assert.match(await text(owner.locator(".timeline > li").first()), /Уход больше не ведёт фирма бухгалтера/);
    assert.match(await text(owner.locator(".timeline > li").nth(1)), /Вера Ким больше не ведёт уход: ответственного нет/);
    await check(owner);
  });
}
