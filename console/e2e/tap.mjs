// SPDX-License-Identifier: Apache-2.0
// One line per check in the Test Anything Protocol's shape.
let failed = 0;

export async function check(name, body) {
  try {
    await body();
    console.log(`ok - ${name}`);
    return true;
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}`);
    console.log(String(error.stack ?? error).slice(0, 4000).replace(/^/gm, '#   '));
    return false;
  }
}

export function failures() {
  return failed;
}
