// SPDX-License-Identifier: Apache-2.0
// One line per check in the Test Anything Protocol's shape; the process ends with 1 when one failed.
import { webcrypto } from 'node:crypto';

// Debian's Node 18 has it, but not as a global, where Microsoft's packages look for it.
globalThis.crypto ??= webcrypto;

let failed = 0;

export async function check(name, body) {
  try {
    await body();
    console.log(`ok - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok - ${name}`);
    console.log(String(error.stack ?? error).replace(/^/gm, '#   '));
  }
}

// Some SDKs keep sockets open: the end is said, not waited for.
export function finish() {
  process.exit(failed > 0 ? 1 : 0);
}
