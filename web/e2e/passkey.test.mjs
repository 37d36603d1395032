// Passkeys, with the authenticator that Chromium brings for tests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { check, guard, logOut, password, signUp, start, submit } from "./harness.mjs";

const { server, open } = await start({ named: true });

const says = (page, text) => page.getByText(text).first().waitFor();
const shown = (page, heading) => page.getByRole("heading", { level: 1, name: heading }).waitFor();
const prompted = "Подтвердите, что это вы";

// authenticator gives a browser a built-in authenticator, whose person is recognised by it.
async function authenticator(page) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const options = {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  };
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
  const send = (method, more = {}) => cdp.send(`WebAuthn.${method}`, { authenticatorId, ...more });
  return {
    verified: (isUserVerified) => send("setUserVerified", { isUserVerified }),
    keys: async () => (await send("getCredentials")).credentials,
    // setBack puts a copy in the place of a key, made when it had counted less.
    async setBack(key) {
      await send("removeCredential", { credentialId: key.credentialId });
      await send("addCredential", { credential: { ...key, signCount: 0 } });
    },
  };
}

async function add(page, name) {
  await page.goto("/account/passkeys");
  await page.locator("#name").fill(name);
  await submit(page, "Добавить ключ");
  await shown(page, `Новый ключ «${name}»`);
}

async function logIn(page, next = "/account") {
  await page.goto(`/login?next=${next}`);
  await submit(page, "Войти с ключом доступа");
}

test("a passkey is added, lets in without password and code, proves who one is, and is removed", async () => {
  const page = await open();
  const device = await authenticator(page);
  await signUp(page, { name: "Анна Петрова", email: "anna@example.com" });
  await guard(page);
  await page.goto("/account");
  await page.getByRole("link", { name: "Ключи доступа: 0" }).click();
  await check(page);
  assert.equal(await page.locator("#name").inputValue(), "Chrome, Linux");
  await page.locator("#name").fill("");
  await submit(page, "Добавить ключ");
  await says(page, "Введите название ключа");
  await check(page);
  await add(page, "Ноутбук");
  await check(page);
  await submit(page, "Создать ключ");
  await says(page, "Ключ доступа добавлен.");
  await check(page);
  assert.match(await page.getByTestId("passkeys").innerText(), /Ноутбук\s+Добавлен 13 ноября 2026[^]*Ещё не использовался/);
  assert.equal((await device.keys()).length, 1);

  // The device knows that it has one.
  await add(page, "Ещё раз");
  await submit(page, "Создать ключ");
  await says(page, "На этом устройстве уже есть ключ от вашей учётной записи.");
  await check(page);

  await logOut(page);
  await page.goto("/login");
  await check(page);
  await logIn(page);
  await page.waitForURL("/account");
  await page.goto("/account/passkeys");
  assert.match(await page.getByTestId("passkeys").innerText(), /Последний раз использован 13 ноября 2026/);

  await server.restart("2026-11-13T10:00:00Z");
  await page.getByRole("link", { name: /Удалить.*Ноутбук/ }).click();
  await shown(page, "Удалить ключ «Ноутбук»?");
  await check(page);
  await submit(page, "Удалить");
  await shown(page, prompted);
  await check(page);
  await device.verified(false);
  await submit(page, "Подтвердить ключом доступа");
  await says(page, /Устройство не подтвердило ключ доступа/);
  await check(page);
  await device.verified(true);
  await submit(page, "Подтвердить ключом доступа");
  await says(page, /Ключ доступа удалён/);
  await check(page);
  assert.equal(await page.getByTestId("passkeys").count(), 0);

  await logOut(page);
  await logIn(page);
  await says(page, /Этот ключ доступа здесь не действует/);
  await check(page);
});

test("a passkey whose counter goes back is refused", async () => {
  const page = await open();
  const device = await authenticator(page);
  await signUp(page, { name: "Пётр Лисин", email: "lisin@example.com" });
  await add(page, "Ключ");
  await submit(page, "Создать ключ");
  await says(page, "Ключ доступа добавлен.");
  await logOut(page);
  await logIn(page);
  await page.waitForURL("/account");
  await logOut(page);
  const [key] = await device.keys();
  assert.ok(key.signCount > 1, `it has counted to ${key.signCount}`);
  await device.setBack(key);
  await logIn(page);
  await says(page, /его счётчик идёт назад/);
  await check(page);
  await page.locator("#email").fill("lisin@example.com");
  await page.locator("#password").fill(password);
  await submit(page, "Войти");
  await page.waitForURL("/account");
});

test("where script, passkeys or the way to the server are missing, the page says so", async () => {
  const plain = await open({ script: false });
  await plain.goto("/login?next=/cases");
  await submit(plain, "Войти с ключом доступа");
  await says(plain, /должен работать JavaScript/);
  await check(plain);
  assert.equal(await plain.locator("form[action='/login'] input[name=next]").inputValue(), "/cases");
  await signUp(plain, { name: "Мария Иванова", email: "maria@example.com" });
  await add(plain, "Телефон");
  await submit(plain, "Создать ключ");
  await says(plain, /должен работать JavaScript/);
  await check(plain);

  const old = await open();
  await old.addInitScript(() => delete window.PublicKeyCredential);
  await logIn(old);
  await says(old, /не умеет работать с ключами доступа/);

  const cut = await open();
  await authenticator(cut);
  for (const [status, said] of [[500, /Не удалось связаться с сервером/], [503, /слишком много/], [429, /слишком много/]]) {
    await cut.route("/login/passkey/options", (route) => route.fulfill({ status }));
    await cut.goto("/login");
    await submit(cut, "Войти с ключом доступа");
    await says(cut, said);
  }

  // No passkey of this site on the device.
  const empty = await open();
  await authenticator(empty);
  await logIn(empty);
  await says(empty, /Устройство не подтвердило ключ доступа/);
});
