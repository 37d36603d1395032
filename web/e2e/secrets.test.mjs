// Nothing secret reaches the log, in whatever way it arrives. Every server of these tests
// is held to this when it stops (harness.mjs); here secrets arrive where they do not belong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { invite, logTrouble, openCase, password, signUp, start } from "./harness.mjs";

const { server, open } = await start({ args: ["--signup", "invite"] });

test("misplaced secrets stay out of the log", async () => {
  const page = await open();
  await signUp(page, { name: "Анна Петрова", email: "anna@example.com" });
  const address = await openCase(page);
  const link = await invite(page, address, "helper");
  const token = link.split("/").pop();
  const secrets = ["wrong-password-kept-secret", "typed-into-the-address", "new-password-kept-secret", "session-of-somebody-else", "token-of-nobody-at-all", "x-header-kept-secret"];
  server.secret(...secrets);
  const [wrong, query, fresh, session, nobody, header] = secrets;

  const other = (await open()).request;
  const status = async (answer) => (await answer).status();
  assert.equal(await status(other.post("/login", { form: { email: "anna@example.com", password: wrong } })), 422);
  assert.equal(await status(other.post("/signup", { form: { name: "Б", email: "b@example.com", password: fresh } })), 403);
  assert.equal(await status(other.get(`/login?password=${query}&next=/invites/${token}`)), 200);
  assert.equal(await status(other.get(link)), 200);
  assert.equal(await status(other.post(link, { form: { name: "", email: "b@example.com", password: fresh } })), 422);
  assert.ok([404, 410].includes(await status(other.get(`/invites/${nobody}`))));
  assert.equal(await status(other.get(`/invites/${token}/more`)), 404);
  assert.equal(await status(other.get(`/invites/${token}?again=${token}`)), 200);
  assert.equal(await status(other.delete(link)), 405);
  assert.equal(await status(other.post("/login", { form: { email: "anna@example.com", password: `${fresh}\0` } })), 422);
  assert.equal(await status(other.post("/login", { headers: { "content-type": "text/plain" }, data: `password=${fresh}` })), 422);
  assert.equal(await status(other.get("/cases", { headers: { cookie: `winddown_session=${session}`, "x-request-id": header, authorization: `Bearer ${header}` }, maxRedirects: 0 })), 303);
  assert.equal(await status(page.request.post("/account/password", { form: { password, new_password: fresh }, maxRedirects: 0 })), 303);
});

test("the check of the log finds what it looks for", () => {
  const line = (fields) => `${JSON.stringify({ level: "INFO", msg: "request", request_id: "01a2058e-5acb-7305-8bd4-a9a98fa82ce5", ...fields })}\n`;
  assert.deepEqual(logTrouble(line({}), new Set(["secret"])), []);
  assert.match(logTrouble(line({ route: "/a-secret" }), new Set(["secret"]))[0], /secret/);
  assert.match(logTrouble(line({ request_id: "" }), new Set())[0], /without a request id/);
  assert.match(logTrouble(line({ level: "ERROR" }), new Set())[0], /failure/);
  assert.match(logTrouble(`${line({})}panic: oops`, new Set())[0], /no JSON/);
  assert.match(logTrouble("", new Set())[0], /no request/);
});
