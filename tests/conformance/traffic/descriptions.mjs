// SPDX-License-Identifier: Apache-2.0
// Microsoft's API descriptions (tests/conformance/specs) as oav's validator.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(join(process.env.CONFORMANCE_MODULES, 'node_modules', 'here.js'));
const { LiveValidator } = require('oav');
const specification = join(dirname(fileURLToPath(import.meta.url)), '..', 'specs', 'specification');

function* files(directory) {
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else if (name.endsWith('.json')) yield path;
  }
}

// oav lets values outside an enumeration pass when it says modelAsString, which is a hint for generated
// SDKs. Ferry and Drydock know all values that they use, so here they must be among those described.
function withClosedEnumerations() {
  const directory = mkdtempSync(join(tmpdir(), 'descriptions-'));
  cpSync(specification, directory, { recursive: true });
  for (const file of files(directory)) {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(/"modelAsString"\s*:\s*true/g, '"modelAsString": false'));
  }
  return directory;
}

export async function loadDescriptions() {
  const directory = withClosedEnumerations();
  const complaints = [];
  const validator = new LiveValidator(
    {
      directory,
      swaggerPathsPattern: ['**/{resource-manager,data-plane}/**/*.json'],
      excludedSwaggerPathsPattern: ['**/common/**', '**/common-types.json'],
      git: { shouldClone: false },
      loadValidatorInBackground: false,
      isArmCall: true, // then it also checks the headers of long operations
    },
    (message, level) => {
      if (level === 'error') complaints.push(message);
    },
  );
  await validator.initialize();
  if (complaints.length > 0) throw new Error(`the descriptions do not load: ${complaints.join('; ')}`);
  return { validator, close: () => rmSync(directory, { recursive: true, force: true }) };
}
