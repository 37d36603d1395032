// Makes the pictures of the README from the sample data: the seller's checklist and the
// bookkeeper's register.
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { logIn, newPage, startBrowser, startServer } from "../e2e/harness.mjs";

const docs = fileURLToPath(new URL("../../docs", import.meta.url));

const server = await startServer({ seed: ["--sellers", "41"] });
const browser = await startBrowser();
const shoot = async (email, path, name, height) => {
  const page = await newPage(browser, server);
  await page.setViewportSize({ width: 1280, height });
  await logIn(page, email);
  await page.goto(path);
  if (path === "/cases") await page.locator("main li a, main td a").first().click();
  await page.locator("h1").waitFor();
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(docs, name) });
};
await shoot("seller@example.com", "/cases", "checklist.png", 1240);
await shoot("buh@example.com", "/sellers", "register.png", 1100);
await browser.close();
await server.stop();
