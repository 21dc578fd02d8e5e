import type { Library } from '../check/function-declaration.ts';
import { CelError, CelOpaque, type CelValue } from '../evaluate/value.ts';
import { SEMVER } from './kubernetes-types.ts';
import { quoteGo } from './string-format.ts';

/**
 * Semantic versions.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/semverlib.go, semver.go (v1.36); github.com/blang/semver/v4
 */
interface Version {
  readonly major: bigint;
  readonly minor: bigint;
  readonly patch: bigint;
  readonly prerelease: readonly (bigint | string)[];
}

type SemverValue = CelOpaque<Version>;

const COMPARED = 'kubernetes.Semver.(kubernetes.Semver)';

export const semverLibrary: Library = {
  semver: {
    overloads: {
      string_to_semver: ['(string) kubernetes.Semver', (text: string) => semverOf(text, false)],
      string_bool_to_semver: ['(string, bool) kubernetes.Semver', semverOf],
    },
  },
  isSemver: {
    overloads: {
      is_semver_string: ['(string) bool', (text: string) => isSemver(text, false)],
      is_semver_string_bool: ['(string, bool) bool', isSemver],
    },
  },
  isGreaterThan: {
    overloads: { semver_is_greater_than: [`${COMPARED} bool`, (a: SemverValue, b: SemverValue) => order(a, b) > 0] },
  },
  isLessThan: {
    overloads: { semver_is_less_than: [`${COMPARED} bool`, (a: SemverValue, b: SemverValue) => order(a, b) < 0] },
  },
  compareTo: {
    overloads: { semver_compare_to: [`${COMPARED} int`, (a: SemverValue, b: SemverValue) => BigInt(order(a, b))] },
  },
  major: { overloads: { semver_major: ['kubernetes.Semver.() int', (value: SemverValue) => value.content.major] } },
  minor: { overloads: { semver_minor: ['kubernetes.Semver.() int', (value: SemverValue) => value.content.minor] } },
  patch: { overloads: { semver_patch: ['kubernetes.Semver.() int', (value: SemverValue) => value.content.patch] } },
};

/** A version as a value of expressions, or a CelError. */
export function semverOf(text: string, normalize: boolean): CelValue {
  const normalized = normalize ? normalizeVersion(text) : text;
  if (normalized instanceof CelError) return normalized;
  const version = parseVersion(normalized);
  return typeof version === 'string' ? new CelError(version) : new CelOpaque(SEMVER, version, sameVersion);
}

function sameVersion(a: Version, b: Version): boolean {
  return compareVersions(a, b) === 0;
}

function isSemver(text: string, normalize: boolean): boolean {
  return !(semverOf(text, normalize) instanceof CelError);
}

function order(a: SemverValue, b: SemverValue): number {
  return compareVersions(a.content, b.content);
}

/** `v1.02` is `1.2.0`. */
function normalizeVersion(text: string): string | CelError {
  const plain = text.startsWith('v') ? text.slice(1) : text;
  const [first, second, ...rest] = plain.split('.');
  const parts = [first!, second, rest.length > 0 ? rest.join('.') : undefined]
    .filter((part) => part !== undefined)
    .map(withoutZeros);
  if (parts.length < 3 && /[+-]/.test(parts.at(-1)!)) {
    return new CelError('short version cannot contain PreRelease/Build meta data');
  }
  while (parts.length < 3) parts.push('0');
  return parts.join('.');
}

function withoutZeros(part: string): string {
  if (part.length <= 1) return part;
  const stripped = part.replace(/^0+/, '');
  return /^[0-9]/.test(stripped) ? stripped : `0${stripped}`;
}

/** What is wrong, if it is no version. */
function parseVersion(text: string): Version | string {
  if (text === '') return 'Version string empty';
  const [major, minor, ...rest] = text.split('.');
  if (minor === undefined || rest.length === 0) return 'No Major.Minor.Patch elements found';
  const build = rest.join('.').indexOf('+');
  const withoutBuild = build === -1 ? rest.join('.') : rest.join('.').slice(0, build);
  const dash = withoutBuild.indexOf('-');
  const patch = dash === -1 ? withoutBuild : withoutBuild.slice(0, dash);
  const numbers: bigint[] = [];
  for (const [name, digits] of [
    ['Major', major!],
    ['Minor', minor],
    ['Patch', patch],
  ] as const) {
    const wrong = numberError(name, digits);
    if (wrong) return wrong;
    numbers.push(BigInt(digits));
  }
  const prerelease =
    dash === -1
      ? []
      : withoutBuild
          .slice(dash + 1)
          .split('.')
          .map(parsePrerelease);
  const wrong = prerelease.find((part) => typeof part === 'object');
  if (wrong) return wrong.message;
  const wrongBuild = build === -1 ? undefined : buildError(rest.join('.').slice(build + 1));
  if (wrongBuild) return wrongBuild;
  return {
    major: numbers[0]!,
    minor: numbers[1]!,
    patch: numbers[2]!,
    prerelease: prerelease as readonly (bigint | string)[],
  };
}

function numberError(name: string, digits: string): string | undefined {
  if (!/^[0-9]*$/.test(digits)) return `Invalid character(s) found in ${name.toLowerCase()} number ${quoteGo(digits)}`;
  if (digits.length > 1 && digits.startsWith('0')) {
    return `${name} number must not contain leading zeroes ${quoteGo(digits)}`;
  }
  return digits === '' ? 'strconv.ParseUint: parsing "": invalid syntax' : undefined;
}

function parsePrerelease(part: string): bigint | string | { readonly message: string } {
  if (part === '') return { message: 'Prerelease is empty' };
  if (/^[0-9]+$/.test(part)) {
    if (part.length > 1 && part.startsWith('0')) {
      return { message: `Numeric PreRelease version must not contain leading zeroes ${quoteGo(part)}` };
    }
    return BigInt(part);
  }
  if (/^[0-9A-Za-z-]+$/.test(part)) return part;
  return { message: `Invalid character(s) found in prerelease ${quoteGo(part)}` };
}

function buildError(build: string): string | undefined {
  for (const part of build.split('.')) {
    if (part === '') return 'Build meta data is empty';
    if (!/^[0-9A-Za-z-]+$/.test(part)) return `Invalid character(s) found in build meta data ${quoteGo(part)}`;
  }
  return undefined;
}

function compareVersions(a: Version, b: Version): number {
  for (const field of ['major', 'minor', 'patch'] as const) {
    if (a[field] !== b[field]) return a[field] > b[field] ? 1 : -1;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return Math.sign(b.prerelease.length - a.prerelease.length);
  }
  for (const [index, left] of a.prerelease.entries()) {
    const right = b.prerelease[index];
    if (right === undefined) return 1;
    if (left === right) continue;
    // Numbers are older than names.
    if (typeof left !== typeof right) return typeof left === 'bigint' ? -1 : 1;
    return left > right ? 1 : -1;
  }
  return a.prerelease.length === b.prerelease.length ? 0 : -1;
}
