/**
 * Runs all tests in order of cost and prints one closing line. What a test needs of the machine and does not find is
 * installed (as root on Debian); without root those tests are skipped, and say so.
 */
import { spawn, spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules/.bin');

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  /** A command without tests of its own counts as one. */
  readonly counted: boolean;
}

const node = (pattern: string, ...options: readonly string[]): Stage['command'] => [
  join(BIN, 'node'),
  '--disable-warning=ExperimentalWarning',
  '--test',
  '--test-reporter=spec',
  ...options,
  ...globSync(pattern, { cwd: ROOT }).toSorted(),
];

const stages: readonly Stage[] = [
  { name: 'format', command: [join(BIN, 'oxfmt'), '--check'], counted: false },
  { name: 'lint', command: [join(BIN, 'oxlint'), '--type-aware'], counted: false },
  { name: 'types', command: [join(BIN, 'tsc'), '-p', '.'], counted: false },
  { name: 'house rules', command: node('test/*.test.ts'), counted: true },
  {
    name: 'unit and integration',
    command: node('packages/*/src/**/*.test.ts', '--test-isolation=none'),
    counted: true,
  },
  { name: 'end to end', command: node('test/e2e/*.test.ts', '--test-concurrency=1'), counted: true },
];

/** What only tests need; for the rest, clusters themselves see to it. */
const TEST_PROGRAMS = [{ program: 'etcd', package: 'etcd-server' }] as const;

installTestPrograms();
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
for (const stage of stages) {
  console.log(`\n=== ${stage.name}`);
  const { code, output } = await runStage(stage);
  const counts = stage.counted
    ? countsOf(output)
    : { passed: Number(code === 0), failed: Number(code !== 0), skipped: 0 };
  // A runner that ends badly without naming a failed test (a crash) is a failure too.
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Tests whose program is still missing afterwards are skipped. */
function installTestPrograms(): void {
  const isThere = (program: string): boolean =>
    spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
  const missing = TEST_PROGRAMS.filter(({ program }) => !isThere(program)).map((each) => each.package);
  if (missing.length === 0 || process.getuid?.() !== 0 || !isThere('apt-get')) return;
  console.log(`\n=== installing ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const aptGet = (...args: readonly string[]): boolean =>
    spawnSync('apt-get', args, { stdio: 'ignore', env }).status === 0;
  const install = (): boolean => aptGet('install', '--yes', '--no-install-recommends', ...missing);
  // The package lists may be missing or old: fetch them and try once more.
  if (!install() && aptGet('update')) install();
}

function runStage(stage: Stage): Promise<{ readonly code: number; readonly output: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number; output: string }>();
  const [program, ...args] = stage.command;
  const child = spawn(program!, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PATH: `${BIN}:${process.env['PATH']}` },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    process.stdout.write(chunk);
  });
  child.on('error', reject);
  child.on('close', (code) => resolve({ code: code ?? 1, output }));
  return promise;
}

/** The figures of node's own closing lines. */
function countsOf(output: string): Counts {
  const figure = (name: string): number => Number(new RegExp(`^ℹ ${name} (\\d+)$`, 'm').exec(output)?.[1] ?? 0);
  return { passed: figure('pass'), failed: figure('fail') + figure('cancelled'), skipped: figure('skipped') };
}
