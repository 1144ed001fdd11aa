// SPDX-License-Identifier: Apache-2.0
// A person with a browser: signs in, creates a workspace and watches it, looks at everything, signs out.
// Environment: CONSOLE_ORIGIN, CONSOLE_DATA (of ferry up); CONSOLE_SHOTS, a directory for screenshots, if wanted.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { axeFindings, launch, openPage, overflows } from './browser.mjs';
import { check, failures } from './tap.mjs';

const origin = process.env.CONSOLE_ORIGIN;
const data = process.env.CONSOLE_DATA;
const token = readFileSync(`${data}/ferryd/owner.token`, 'utf8').trim();
const ferry = (...words) => execFileSync('ferry', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const fault = (verb, ...words) => execFileSync('drydock', ['fault', verb, '--data', `${data}/drydock`, ...words], { encoding: 'utf8' });

const browser = await launch();
const { page, context, problems } = await openPage(browser, origin, { viewport: { width: 1600, height: 1000 } });
page.setDefaultTimeout(20_000);

const WIDTHS = [1600, 390];

async function shot(name) {
  if (process.env.CONSOLE_SHOTS) await page.screenshot({ path: `${process.env.CONSOLE_SHOTS}/${name}.png`, animations: 'disabled' });
}

// A screen that stands: clean for axe in both themes, and nothing sticks out at any width.
async function examine(name) {
  await check(`${name}: axe finds nothing in either theme`, async () => {
    const findings = await axeFindings(page);
    if (findings.length > 0) throw new Error(findings.join('\n'));
  });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: width < 500 ? 844 : 1000 });
    await check(`${name}: fits into ${width} px`, async () => {
      if (await overflows(page)) {
        throw new Error(await page.evaluate(() => [...document.querySelectorAll('main *')]
          .filter((element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
          .slice(0, 5).map((element) => `${element.tagName} ${element.className} ${element.textContent?.slice(0, 40)}`).join('\n')));
      }
    });
    for (const theme of process.env.CONSOLE_SHOTS ? ['light', 'dark'] : []) {
      await page.evaluate((value) => { document.documentElement.dataset.theme = value; }, theme);
      await shot(`${name.replaceAll(' ', '-')}-${width}-${theme}`);
    }
    await page.evaluate(() => { document.documentElement.dataset.theme = 'light'; });
  }
  await page.setViewportSize({ width: 1600, height: 1000 });
}

const heading = (name) => page.getByRole('heading', { level: 1, name, exact: true });
const badge = (text) => page.locator('.page-head .badge', { hasText: text });

await check('without a session every page asks to sign in', async () => {
  await page.goto('/console/workspaces/plant-a');
  await heading('Sign in').waitFor();
});
await examine('sign-in');
await check('a wrong token is refused with words', async () => {
  await page.getByLabel('API token').fill('ferry_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('You are not signed in').waitFor();
});
problems.length = 0; // Chromium reports the expected 401s as errors
await check('the owner signs in', async () => {
  await page.getByLabel('API token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.goto('/console/');
  await heading('Workspaces').waitFor();
});
await check('no script can read the session, and nothing keeps the token', async () => {
  const seen = await page.evaluate(() => document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage));
  if (seen.includes(token) || seen.includes('ferry=')) throw new Error('there is a secret within reach of scripts');
  const cookie = (await context.cookies()).find(({ name }) => name === '__Host-ferry');
  if (!cookie?.httpOnly || !cookie.secure || cookie.sameSite !== 'Strict') throw new Error(JSON.stringify({ ...cookie, value: '' }));
});
await check('the empty list says what a workspace is', () => page.getByText('No workspaces yet').waitFor());
await examine('no workspaces');

await check('the keyboard reaches the content first', async () => {
  await page.goto('/console/');
  await heading('Workspaces').waitFor();
  await page.keyboard.press('Tab');
  const first = await page.evaluate(() => document.activeElement?.textContent);
  if (first !== 'Skip to the content') throw new Error(`the first stop is ${first}`);
});

await check('the form says what is wrong with a name', async () => {
  await page.getByRole('link', { name: 'New workspace' }).first().click();
  await heading('New workspace').waitFor();
  await page.getByLabel('Name', { exact: true }).fill('Plant A');
  await page.getByText('2 to 32 lower-case letters').waitFor();
});
const create = page.getByRole('button', { name: 'Create workspace' });
await check('a complete form is checked beforehand and can be sent', async () => {
  await page.getByLabel('Name', { exact: true }).fill('plant-a');
  const region = page.getByLabel('Region');
  await region.waitFor();
  if (await region.evaluate((element) => element.tagName) === 'SELECT') await region.selectOption('westeurope');
  else await region.fill('westeurope');
  await create.and(page.locator(':enabled')).waitFor();
});
await examine('new workspace');
await check('creating leads to the workspace, and its steps are shown as they go', async () => {
  fault('add', 'delay', '--service', 'arm', '--delay', '400', '--count', '0');
  await create.click();
  await heading('plant-a').waitFor();
  await badge('provisioning').waitFor();
  await page.getByRole('region', { name: 'Create workspace plant-a' }).getByText(/steps/).waitFor();
});
await page.waitForTimeout(2500);
await examine('provisioning');
fault('clear');
await check('without a reload it becomes ready', async () => {
  await page.locator('.page-head .badge', { hasText: 'ready' }).waitFor({ timeout: 90_000 });
  await page.getByText(/7 of 7 ready|\d+ of \d+ ready/).waitFor();
});
await check('every cloud resource is listed', async () => {
  for (const kind of ['Resource group', 'IoT Hub', 'Device Provisioning Service', 'Storage account', 'Container registry']) {
    await page.getByRole('button', { name: kind, exact: true }).waitFor();
  }
});
await check('a resource tells its Azure id, which can be copied, and leads to the portal', async () => {
  await page.getByRole('button', { name: 'IoT Hub', exact: true }).click();
  await page.getByText('Azure resource id').waitFor();
  await page.getByRole('button', { name: 'Copy Azure resource id' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  if (!/^\/subscriptions\/.*\/Microsoft\.Devices\/IotHubs\//i.test(copied)) throw new Error(copied);
  const link = await page.getByRole('link', { name: /^Open in the portal: IoT Hub/ }).first().getAttribute('href');
  if (!link?.startsWith('https://')) throw new Error(`the portal link is ${link}`);
});
await examine('workspace details');
await check('the steps of what is done can be looked at again', async () => {
  await page.getByRole('button', { name: /Show its \d+ steps/ }).click();
  await page.getByRole('region', { name: 'Create workspace plant-a' }).waitFor();
});
await examine('finished steps');

ferry('group', 'create', 'line-1', '--workspace', 'plant-a');
ferry('node', 'create', 'pump-7', '--group', 'line-1', '--workspace', 'plant-a');
ferry('node', 'create', 'pump-8', '--group', 'line-1', '--workspace', 'plant-a');
const nav = page.getByRole('navigation', { name: 'Main' });
await check('node groups are listed, and one is shown', async () => {
  await nav.getByRole('link', { name: 'Node groups' }).click();
  await page.getByRole('link', { name: 'line-1' }).waitFor();
  await examine('node groups');
  await page.getByRole('link', { name: 'line-1' }).click();
  await heading('line-1').waitFor();
  await page.getByText('DPS enrollment group').waitFor();
  await examine('node group');
});
await check('nodes are listed with their status, and found by it', async () => {
  await nav.getByRole('link', { name: 'Nodes', exact: true }).click();
  await page.getByRole('link', { name: 'pump-7' }).waitFor();
  await examine('nodes');
  await page.getByLabel('Filter by name').fill('pump-8');
  await page.getByText('1 of 2').waitFor();
  await page.getByRole('link', { name: 'pump-7' }).waitFor({ state: 'hidden' });
  await page.getByLabel('How they are').selectOption('online');
  await page.getByText('Nothing fits the filter').waitFor();
  await page.getByLabel('How they are').selectOption('not-registered');
});
await check('a node that has not registered says so and what to do', async () => {
  await page.getByRole('link', { name: 'pump-8' }).click();
  await heading('pump-8').waitFor();
  await page.getByText('The device has not used its one-time token yet.').waitFor();
  await examine('node');
});
await check('certificates are shown as the chain that they are', async () => {
  await nav.getByRole('link', { name: 'Certificates' }).click();
  for (const use of ['Organization root', 'Workspace CA', 'Node group CA']) await page.getByText(new RegExp(`^${use}`)).first().waitFor();
  await examine('certificates');
});
await check('a certificate can be downloaded as PEM', async () => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: /^Download/ }).first().click()]);
  const pem = readFileSync(await download.path(), 'utf8');
  if (!pem.startsWith('-----BEGIN CERTIFICATE-----')) throw new Error(pem.slice(0, 80));
});
await check('the activity names what was done', async () => {
  await nav.getByRole('link', { name: 'Activity' }).first().click();
  await page.getByRole('link', { name: 'Create workspace' }).waitFor();
  await examine('activity');
});
await check('the cloud account is shown, without its secret', async () => {
  await nav.getByRole('link', { name: 'Cloud accounts' }).click();
  await page.getByRole('link', { name: 'drydock' }).click();
  await heading('drydock').waitFor();
  await page.getByRole('link', { name: 'plant-a' }).first().waitFor();
  await examine('cloud account');
  const secret = JSON.parse(readFileSync(`${data}/drydock/environment.json`, 'utf8')).clientSecret;
  if ((await page.content()).includes(secret)) throw new Error('the secret is on the page');
});
await check('the switcher leads from one workspace to another by keyboard', async () => {
  await page.getByRole('button', { name: /^Switch organization/ }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('menuitem', { name: 'plant-a' }).waitFor();
  await examine('switcher');
  if (!(await page.getByRole('menuitem', { name: 'plant-a' }).isVisible())) await page.getByRole('button', { name: /^Switch organization/ }).click();
  await page.getByRole('menuitem', { name: 'plant-a' }).click();
  await heading('plant-a').waitFor();
});
await check('on a narrow page the navigation opens, leads on and closes', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole('button', { name: 'Open navigation' }).click();
  await shot('navigation-390-light');
  await nav.getByRole('link', { name: 'Certificates' }).click();
  await heading('Certificates').waitFor();
  if (await nav.isVisible()) throw new Error('the navigation stays open');
  await page.setViewportSize({ width: 1600, height: 1000 });
});

fault('add', 'status', '--service', 'arm', '--method', 'PUT', '--path', '*/Microsoft.Storage/storageAccounts/*', '--status', '400', '--count', '0');
try {
  ferry('workspace', 'create', 'plant-b', '--location', 'westeurope');
} catch {
  // It is meant to fail.
}
await check('a failed provisioning can be gone on with', async () => {
  await page.goto('/console/workspaces/plant-b');
  await badge('failed').waitFor();
  await page.getByRole('alert').first().waitFor();
  await examine('failed workspace');
  fault('clear');
  await page.getByRole('button', { name: 'Go on with it' }).click();
  await badge('ready').waitFor({ timeout: 60_000 });
});
await check('deleting shows what goes and wants the name', async () => {
  await page.getByRole('button', { name: 'Delete…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('IoT Hub').first().waitFor();
  const sure = dialog.getByRole('button', { name: 'Delete workspace' });
  if (await sure.isEnabled()) throw new Error('it can be deleted without its name');
  await examine('delete dialog');
  await dialog.getByLabel(/Type plant-b/).fill('plant-b');
  await sure.click();
  await heading('Delete workspace plant-b').waitFor();
  await page.getByText('succeeded').first().waitFor({ timeout: 60_000 });
});
await check('an unknown page and an unknown workspace say so', async () => {
  await page.goto('/console/no/such/page');
  await page.getByText('There is no such page').waitFor();
  await page.goto('/console/workspaces/nowhere');
  await page.getByText('There is no workspace nowhere').waitFor();
});
// The 404s of the unknown workspace, and of what an older server does not have, are noted by Chromium.
const serious = problems.filter((problem) => !/^error: Failed to load resource: the server responded with a status of (404|405)/.test(problem));
await check('no page broke a policy, logged an error or asked anybody else', () => {
  if (serious.length > 0) throw new Error([...new Set(serious)].join('\n'));
});
await check('signing out ends the session here and at the server', async () => {
  await page.goto('/console/');
  const cookie = (await context.cookies()).find(({ name }) => name === '__Host-ferry');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await heading('Sign in').waitFor();
  const answer = await context.request.get('/api/v1/whoami', { headers: { Cookie: `__Host-ferry=${cookie.value}` } });
  if (answer.status() !== 401) throw new Error(`the old cookie still gets ${answer.status()}`);
  await page.goBack();
  await heading('Sign in').waitFor();
});
await browser.close();
process.exit(failures() > 0 ? 1 : 0);
