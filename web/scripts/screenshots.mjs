// Makes the pictures of the README from the sample data: the seller's checklist and the
// bookkeeper's register.
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { logIn, newPage, startBrowser, startServer } from "../e2e/harness.mjs";

const docs = fileURLToPath(new URL("../../docs", import.meta.url));

const server = await startServer({ seed: ["--sellers", "41"] });
const browser = await startBrowser();

async function picture(name, email, options, where = async () => {}) {
  const page = await newPage(browser, server);
  await logIn(page, email);
  await where(page);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(docs, name), ...options });
}

try {
  await picture("checklist.png", "seller@example.com", { fullPage: true }, async (page) => {
    await page.locator("main .steps a").click();
    await page.getByTestId("overall").waitFor();
  });
  await picture("register.png", "buh@example.com", { fullPage: true, clip: { x: 0, y: 0, width: 1280, height: 1100 } });
  await server.stop();
} finally {
  await browser.close();
}
