/**
 * Formats of names and keys. Every function returns what is wrong with the text; an empty list means it is fine.
 *
 * Mirrors: staging/src/k8s.io/apimachinery/pkg/util/validation/validation.go, pkg/api/validate/content and
 * pkg/api/validation/generic.go (v1.36). The two generations of upstream's functions count "characters" and "bytes" in
 * the messages of the same limit; both texts are kept where clients see them.
 */
const LABEL_FORMAT = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN_FORMAT = `${LABEL_FORMAT}(\\.${LABEL_FORMAT})*`;
const UNDERSCORE_LABEL_FORMAT = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const UNDERSCORE_SUBDOMAIN_FORMAT = `${UNDERSCORE_LABEL_FORMAT}(\\.${UNDERSCORE_LABEL_FORMAT})*`;
const DNS_1035_FORMAT = '[a-z]([-a-z0-9]*[a-z0-9])?';
const WILDCARD_FORMAT = `\\*\\.${SUBDOMAIN_FORMAT}`;
const LABEL_KEY_FORMAT = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE_FORMAT = `(${LABEL_KEY_FORMAT})?`;
const C_IDENTIFIER_FORMAT = '[A-Za-z_][A-Za-z0-9_]*';
const PERCENT_FORMAT = '[0-9]+%';
const HEADER_NAME_FORMAT = '[-A-Za-z0-9]+';
const ENV_NAME_FORMAT = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const CONFIG_MAP_KEY_FORMAT = '[-._a-zA-Z0-9]+';

const whole = (format: string, flags = ''): RegExp => new RegExp(`^(?:${format})$`, flags);

const LABEL = whole(LABEL_FORMAT);
const SUBDOMAIN = whole(SUBDOMAIN_FORMAT);
const SUBDOMAIN_CASELESS = whole(SUBDOMAIN_FORMAT, 'i');
const UNDERSCORE_SUBDOMAIN = whole(UNDERSCORE_SUBDOMAIN_FORMAT);
const DNS_1035 = whole(DNS_1035_FORMAT);
const WILDCARD = whole(WILDCARD_FORMAT);
const LABEL_KEY = whole(LABEL_KEY_FORMAT);
const LABEL_VALUE = whole(LABEL_VALUE_FORMAT);
const C_IDENTIFIER = whole(C_IDENTIFIER_FORMAT);
const PERCENT = whole(PERCENT_FORMAT);
const HEADER_NAME = whole(HEADER_NAME_FORMAT);
const ENV_NAME = whole(ENV_NAME_FORMAT);
const CONFIG_MAP_KEY = whole(CONFIG_MAP_KEY_FORMAT);

export const DNS1123_LABEL_LENGTH_MAX = 63;
export const DNS1123_SUBDOMAIN_LENGTH_MAX = 253;
export const DNS1035_LABEL_LENGTH_MAX = 63;
export const LABEL_VALUE_LENGTH_MAX = 63;
const LABEL_NAME_LENGTH_MAX = 63;
const PORT_NAME_LENGTH_MAX = 15;
const PORT_MAX = 65535;
const ID_MAX = 2 ** 31 - 1;

const SUBDOMAIN_MESSAGE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const LABEL_KEY_MESSAGE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

type Unit = 'characters' | 'bytes';

export function isDNS1123Label(text: string): string[] {
  const errors = lengthErrors(text, DNS1123_LABEL_LENGTH_MAX, 'characters');
  if (LABEL.test(text)) return errors;
  errors.push(
    SUBDOMAIN.test(text)
      ? 'must not contain dots'
      : regexError(
          "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
          LABEL_FORMAT,
          'my-name',
          '123-abc',
        ),
  );
  return errors;
}

export const isDNS1123Subdomain = (text: string): string[] => subdomainErrors(text, 'characters');

/** The same rule where it is declared with a type, as `k8s-long-name`. */
export const isLongName = (text: string): string[] => subdomainErrors(text, 'bytes');

/** `IsDNS1123SubdomainCaseless`: upper case is allowed too. */
export function isDNS1123SubdomainCaseless(text: string): string[] {
  const errors = lengthErrors(text, DNS1123_SUBDOMAIN_LENGTH_MAX, 'bytes');
  if (!SUBDOMAIN_CASELESS.test(text)) {
    errors.push(
      regexError(
        "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        SUBDOMAIN_FORMAT,
        'Example.com',
      ),
    );
  }
  return errors;
}

export function isDNS1123SubdomainWithUnderscore(text: string): string[] {
  const errors = lengthErrors(text, DNS1123_SUBDOMAIN_LENGTH_MAX, 'characters');
  if (!UNDERSCORE_SUBDOMAIN.test(text)) {
    errors.push(
      regexError(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
        UNDERSCORE_SUBDOMAIN_FORMAT,
        'example.com',
      ),
    );
  }
  return errors;
}

export function isDNS1035Label(text: string): string[] {
  const errors = lengthErrors(text, DNS1035_LABEL_LENGTH_MAX, 'characters');
  if (!DNS_1035.test(text)) {
    errors.push(
      regexError(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        DNS_1035_FORMAT,
        'my-name',
        'abc-123',
      ),
    );
  }
  return errors;
}

export function isWildcardDNS1123Subdomain(text: string): string[] {
  const errors = lengthErrors(text, DNS1123_SUBDOMAIN_LENGTH_MAX, 'characters');
  if (!WILDCARD.test(text)) {
    errors.push(
      regexError(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        WILDCARD_FORMAT,
        '*.example.com',
      ),
    );
  }
  return errors;
}

/** `prefix/name` with an optional prefix: keys of labels, names of extended resources, finalizers, ... */
export function isQualifiedName(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${labelKeyRegexError()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const errors: string[] = [];
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    const prefix = parts[0]!;
    if (prefix === '') errors.push(`prefix part ${EMPTY_MESSAGE}`);
    else for (const message of subdomainErrors(prefix, 'bytes')) errors.push(`prefix part ${message}`);
  }
  if (name === '') errors.push(`name part ${EMPTY_MESSAGE}`);
  else for (const message of lengthErrors(name, LABEL_NAME_LENGTH_MAX, 'bytes')) errors.push(`name part ${message}`);
  if (!LABEL_KEY.test(name)) errors.push(`name part ${labelKeyRegexError()}`);
  return errors;
}

export const isLabelKey = isQualifiedName;

export function isLabelValue(text: string): string[] {
  const errors = lengthErrors(text, LABEL_VALUE_LENGTH_MAX, 'bytes');
  if (!LABEL_VALUE.test(text)) {
    errors.push(
      regexError(
        `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
        LABEL_VALUE_FORMAT,
        'MyValue',
        'my_value',
        '12345',
      ),
    );
  }
  return errors;
}

export function isCIdentifier(text: string): string[] {
  return matchErrors(
    C_IDENTIFIER.test(text),
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'",
    C_IDENTIFIER_FORMAT,
    'my_name',
    'MY_NAME',
    'MyName',
  );
}

export function isPortName(text: string): string[] {
  const errors = lengthErrors(text, PORT_NAME_LENGTH_MAX, 'characters');
  if (!/^[-a-z0-9]+$/.test(text)) {
    errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(text)) errors.push('must contain at least one letter (a-z)');
  if (text.includes('--')) errors.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

export const isPortNumber = (port: number): string[] => isInRange(port, 1, PORT_MAX);
export const isUserId = (id: number): string[] => isInRange(id, 0, ID_MAX);
export const isGroupId = (id: number): string[] => isInRange(id, 0, ID_MAX);

export function isInRange(value: number, min: number, max: number): string[] {
  return value >= min && value <= max ? [] : [inclusiveRangeError(min, max)];
}

export function isPercent(text: string): string[] {
  return matchErrors(
    PERCENT.test(text),
    "a valid percent string must be a numeric string followed by an ending '%'",
    PERCENT_FORMAT,
    '1%',
    '93%',
  );
}

export function isHttpHeaderName(text: string): string[] {
  return matchErrors(
    HEADER_NAME.test(text),
    "a valid HTTP header must consist of alphanumeric characters or '-'",
    HEADER_NAME_FORMAT,
    'X-Header-Name',
  );
}

export function isEnvVarName(text: string): string[] {
  const errors = matchErrors(
    ENV_NAME.test(text),
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit",
    ENV_NAME_FORMAT,
    'my.env-name',
    'MY_ENV.NAME',
    'MyEnvName1',
  );
  return [...errors, ...parentDirectoryErrors(text)];
}

/** What `RelaxedEnvironmentVariableValidation` allows: any printable ASCII except `=`. */
export function isRelaxedEnvVarName(text: string): string[] {
  if (text === '') return [`environment variable name ${EMPTY_MESSAGE}`];
  return /^[ -<>-~]+$/.test(text)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function isConfigMapKey(text: string): string[] {
  const errors = lengthErrors(text, DNS1123_SUBDOMAIN_LENGTH_MAX, 'characters');
  if (!CONFIG_MAP_KEY.test(text)) {
    errors.push(
      regexError(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        CONFIG_MAP_KEY_FORMAT,
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    );
  }
  return [...errors, ...parentDirectoryErrors(text)];
}

/** A decimal integer as a human writes it: no leading zeros, no plus sign. */
export function isDecimalInteger(text: string): string[] {
  if (text === '') return [EMPTY_MESSAGE];
  return /^(0|-?[1-9][0-9]*)$/.test(text) ? [] : ['must be a valid decimal integer in canonical form'];
}

/** Whether a name can stand in a URL path; as a prefix of a generated name `.` and `..` are fine. */
export function isPathSegmentName(name: string, isPrefix = false): string[] {
  if (!isPrefix && (name === '.' || name === '..')) return [`may not be '${name}'`];
  return ['/', '%'].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);
}

/** For resources whose names are DNS subdomains. A prefix of generated names may end with a dash. */
export const nameIsDNSSubdomain = (name: string, isPrefix: boolean): string[] =>
  isDNS1123Subdomain(isPrefix ? maskTrailingDash(name) : name);

export const nameIsDNSLabel = (name: string, isPrefix: boolean): string[] =>
  isDNS1123Label(isPrefix ? maskTrailingDash(name) : name);

export const nameIsDNS1035Label = (name: string, isPrefix: boolean): string[] =>
  isDNS1035Label(isPrefix ? maskTrailingDash(name) : name);

export const EMPTY_MESSAGE = 'must be non-empty';

export function inclusiveRangeError(min: number, max: number): string {
  return `must be between ${min} and ${max}, inclusive`;
}

/** The text of a failed match: `<message> (e.g. 'x',  or 'y', regex used for validation is '<format>')`. */
export function regexError(message: string, format: string, ...examples: readonly string[]): string {
  const regex = `regex used for validation is '${format}')`;
  if (examples.length === 0) return `${message} (${regex}`;
  return `${message} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}${regex}`;
}

function matchErrors(matches: boolean, message: string, format: string, ...examples: readonly string[]): string[] {
  return matches ? [] : [regexError(message, format, ...examples)];
}

function subdomainErrors(text: string, unit: Unit): string[] {
  const errors = lengthErrors(text, DNS1123_SUBDOMAIN_LENGTH_MAX, unit);
  if (!SUBDOMAIN.test(text)) errors.push(regexError(SUBDOMAIN_MESSAGE, SUBDOMAIN_FORMAT, 'example.com'));
  return errors;
}

function labelKeyRegexError(): string {
  return regexError(LABEL_KEY_MESSAGE, LABEL_KEY_FORMAT, 'MyName', 'my.name', '123-abc');
}

function lengthErrors(text: string, max: number, unit: Unit): string[] {
  return Buffer.byteLength(text) > max ? [`must be no more than ${max} ${unit}`] : [];
}

function parentDirectoryErrors(text: string): string[] {
  if (text === '.' || text === '..') return [`must not be '${text}'`];
  return text.startsWith('..') ? ["must not start with '..'"] : [];
}

/** Drops the last two characters, as upstream does, so that the dash and what precedes it count as one letter. */
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}
