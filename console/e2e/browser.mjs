// SPDX-License-Identifier: Apache-2.0
// Debian's Chromium, offline but for ferryd, with everything noted that a page must not do.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
}

/** A page whose `problems` are: console errors, exceptions, refused policies, requests to elsewhere. */
export async function openPage(browser, origin, options = {}) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, baseURL: origin, colorScheme: 'light', locale: 'en-GB', ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin });
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(`exception: ${error.stack ?? error}`));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !url.startsWith('blob:')) problems.push(`request to ${url}`);
  });
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy ${event.violatedDirective} refused ${event.blockedURI} ${event.sourceFile}:${event.lineNumber} ${event.sample}`);
    });
  });
  return { page, context, problems };
}

/** What axe finds, in both themes; an empty list is clean. Focus guards only hand the focus on, so axe shall not judge them. */
export async function axeFindings(page) {
  const findings = [];
  const before = await page.evaluate(() => document.documentElement.dataset.theme);
  for (const theme of ['light', 'dark']) {
    await page.evaluate((value) => { document.documentElement.dataset.theme = value; }, theme);
    await page.evaluate(axeSource);
    const { violations } = await page.evaluate(() => window.axe.run({ exclude: ['[data-base-ui-focus-guard]'] }, { resultTypes: ['violations'] }));
    for (const { id, help, nodes } of violations) {
      findings.push(`${theme}: ${id}: ${help}: ${nodes.slice(0, 4).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join(' | ')}`);
    }
  }
  await page.evaluate((value) => { document.documentElement.dataset.theme = value; }, before);
  return findings;
}

/** Whether the page can be scrolled sideways. */
export async function overflows(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}
