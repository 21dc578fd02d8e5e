/** The rules of the house that no other tool checks: layers, file length, real time and randomness, leftovers. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { LAYERS, mayImport } from './layers.ts';

const ROOT = join(import.meta.dirname, '..');
const LINES_MAX = 900;

interface SourceFile {
  readonly path: string;
  readonly package: string;
  readonly text: string;
  readonly isTest: boolean;
  readonly isMain: boolean;
}

const files: readonly SourceFile[] = globSync('packages/*/{src,generate}/**/*.ts', { cwd: ROOT })
  .filter((path) => !path.endsWith('.gen.ts'))
  .map((path) => ({
    path,
    package: path.split('/')[1]!,
    text: readFileSync(join(ROOT, path), 'utf8'),
    isTest: /\.test\.ts$|\/testing\//.test(path),
    isMain: /(^|\/)main\.ts$/.test(path),
  }));

/** Asserts that no file has a finding; the message lists all of them. */
function expectNone(findings: readonly string[]): void {
  assert.deepEqual(findings, [], `\n${findings.join('\n')}`);
}

const importsOf = (file: SourceFile): readonly string[] =>
  [...file.text.matchAll(/(?:^|\n)(?:import|export)[^;]*?from '([^']+)'|import\('([^']+)'\)/g)].map(
    (match) => match[1] ?? match[2]!,
  );

describe('tidy', () => {
  it('finds the sources', () => {
    assert.ok(files.length > 100);
    for (const layer of LAYERS)
      for (const name of layer)
        assert.ok(
          files.some((file) => file.package === name),
          name,
        );
  });

  it('packages import only lower layers, and only what their manifest declares', () => {
    expectNone(
      files.flatMap((file) => {
        const manifest = JSON.parse(readFileSync(join(ROOT, 'packages', file.package, 'package.json'), 'utf8')) as {
          dependencies?: Record<string, string>;
        };
        return importsOf(file).flatMap((from) => {
          const target = /^@kts\/([a-z-]+)/.exec(from)?.[1];
          if (target === undefined || target === file.package) return [];
          // A test may use what is above: integration tests start the real API server.
          if (file.isTest) return [];
          if (!mayImport(file.package, target)) return [`${file.path}: may not import @kts/${target}`];
          return manifest.dependencies?.[`@kts/${target}`] ? [] : [`${file.path}: @kts/${target} is not declared`];
        });
      }),
    );
  });

  it('no relative import leaves its package', () => {
    expectNone(
      files.flatMap((file) =>
        importsOf(file)
          .filter(
            (from) => from.startsWith('.') && !join(file.path, '..', from).startsWith(`packages/${file.package}/`),
          )
          .map((from) => `${file.path}: ${from}`),
      ),
    );
  });

  it(`no file is longer than ${LINES_MAX} lines`, () => {
    expectNone(
      files
        .map((file) => ({ path: file.path, lines: file.text.split('\n').length }))
        .filter(({ lines }) => lines > LINES_MAX)
        .map(({ path, lines }) => `${path}: ${lines} lines`),
    );
  });

  it('time and randomness are passed in', () => {
    const banned =
      /\b(Date\.now|new Date\(\)|(?<!\.)setTimeout\(|(?<!\.)setInterval\(|performance\.now|Math\.random|randomUUID|Temporal\.Now)/;
    expectNone(
      files
        .filter((file) => !file.isTest && !file.isMain && file.package !== 'base')
        .flatMap((file) =>
          file.text
            .split('\n')
            .map((line, index, lines) => ({ line, above: lines[index - 1] ?? '', at: `${file.path}:${index + 1}` }))
            .filter(
              ({ line, above }) =>
                banned.test(line) && !/^\s*(\*|\/\/|\/\*)/.test(line) && !above.includes('no-restricted-globals -- '),
            )
            .map(({ line, at }) => `${at}: ${line.trim()}`),
        ),
    );
  });

  it('the process belongs to main.ts', () => {
    const banned = /\bprocess\.(env|argv|exit)\b/;
    expectNone(
      files
        .filter(
          (file) => !file.isTest && !file.isMain && file.package !== 'cli' && !/\/(generate|worker)/.test(file.path),
        )
        .filter((file) => banned.test(file.text))
        .map((file) => file.path),
    );
  });

  it('no leftovers', () => {
    // Spelled apart, so that this file does not find itself.
    const banned = new RegExp(
      ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX\\b', '\\.on' + 'ly\\(', '@ts-' + 'ignore', '@ts-' + 'nocheck'].join('|'),
    );
    expectNone(files.filter((file) => banned.test(file.text)).map((file) => file.path));
  });

  it('names say what a file is about', () => {
    const vague = /\/(utils?|helpers?|common|types|misc|shared)\.ts$/;
    expectNone(files.filter((file) => vague.test(file.path)).map((file) => file.path));
  });
});
