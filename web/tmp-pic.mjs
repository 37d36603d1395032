import { logIn, newPage, post, signUp, startBrowser, startServer } from "./e2e/harness.mjs";
const out = process.argv[2] || "/tmp/wreg-pics"; 
import { mkdirSync } from "node:fs"; mkdirSync(out, {recursive:true});
const server = await startServer({ seed: ["--sellers", "60"] });
const browser = await startBrowser();
try {
  const admin = await newPage(browser, server);
  await logIn(admin, "buh@example.com");
  const lead = await newPage(browser, server);
  await signUp(lead, { name: "Ольга Беляева", email: "lead@example.com" });
  await post(admin, "/firm/invites", { role: "lead" });
  await admin.goto("/firm");
  const link = await admin.locator("#invite-link").inputValue();
  await post(lead, new URL(link).pathname);
  await post(admin, "/sellers", { seller_name: "ООО «" + "Длиннющееназваниебезпробелов".repeat(3) + "»", inn: "7707083893", cabinet: "К".repeat(50), fbs: "yes", wb_stock: "yes", leftover: "both" });
  for (const [name, w, h] of [["1280", 1280, 800], ["1100", 1100, 800], ["800", 800, 900], ["390", 390, 844], ["320", 320, 700]]) {
    await lead.setViewportSize({ width: w, height: h });
    await lead.goto("/sellers");
    await lead.screenshot({ path: `${out}/${name}.png` });
    const over = await lead.evaluate(() => [document.documentElement.scrollWidth, innerWidth, document.querySelector(".table table").scrollWidth, document.querySelector(".table").clientWidth]);
    const s = lead.locator("details.fold > summary");
    if (await s.isVisible()) await s.click();
    const box = await lead.locator("details.fold").boundingBox();
    const res = await lead.locator(".register").boundingBox();
    console.log(name, "overflow", over, "filters", Math.round(box.y), Math.round(box.height), "table at", Math.round(res.y));
    await lead.screenshot({ path: `${out}/${name}-open.png`, fullPage: w > 900, clip: w > 900 ? { x: 0, y: 0, width: w, height: 1500 } : undefined });
    if (w < 900) await lead.locator("details.fold").screenshot({ path: `${out}/${name}-filters.png` });
    await lead.locator("input[name=case]").first().check();
    await lead.locator("input[name=case]").nth(1).check();
    await lead.evaluate(() => scrollTo(0, w => 0));
    const bar = await lead.locator(".bulk > [role]").boundingBox();
    console.log(name, "bar height", Math.round(bar.height));
    await lead.screenshot({ path: `${out}/${name}-picked.png` });
    await lead.goto("/sellers?q=Длиннющее");
    await lead.screenshot({ path: `${out}/${name}-long.png` });
    console.log(name, "long", await lead.evaluate(() => [document.documentElement.scrollWidth, innerWidth, document.querySelector(".table table").scrollWidth, document.querySelector(".table").clientWidth]));
  }
  await server.stop();
} finally { await browser.close(); }
