import { isDNS1035Label, isDNS1123Label, isDNS1123Subdomain, isLabelValue, isQualifiedName } from '@kts/apimachinery';

import type { Library } from '../check/function-declaration.ts';
import { ValueList } from '../evaluate/collections.ts';
import { daysIn } from '../evaluate/time-text.ts';
import { CelOpaque, CelOptional, OPTIONAL_NONE, type CelValue } from '../evaluate/value.ts';
import { FORMAT } from './kubernetes-types.ts';
import { uriError } from './urls.ts';

/**
 * Named formats of strings.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/format.go, format.go (v1.36)
 */
interface Format {
  readonly name: string;
  /** What is wrong with a text. */
  readonly validate: (text: string) => readonly string[];
  /** The longest pattern that it may be checked with: what it costs goes by that. */
  readonly regexSizeMax: number;
}

type FormatValue = CelOpaque<Format>;

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const UUID_SIZE = 70;
const TIME_OF_DAY = /^(\d{2}):(\d{2}):(\d{2})(?:.\d+)?(?:z|[+-]\d{2}:\d{2})$/;
const DATE_TIME_SIZE = 71;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;
const BASE64_SIZE = 84;
const URL_SIZE = 1103;

const FORMATS: Readonly<Record<string, Format>> = {
  dns1123Label: { name: 'DNS1123Label', validate: isDNS1123Label, regexSizeMax: 30 },
  dns1123Subdomain: { name: 'DNS1123Subdomain', validate: isDNS1123Subdomain, regexSizeMax: 60 },
  dns1035Label: { name: 'DNS1035Label', validate: isDNS1035Label, regexSizeMax: 30 },
  qualifiedName: { name: 'QualifiedName', validate: isQualifiedName, regexSizeMax: 60 },
  dns1123LabelPrefix: { name: 'DNS1123LabelPrefix', validate: asPrefix(isDNS1123Label), regexSizeMax: 30 },
  dns1123SubdomainPrefix: { name: 'DNS1123SubdomainPrefix', validate: asPrefix(isDNS1123Subdomain), regexSizeMax: 60 },
  dns1035LabelPrefix: { name: 'DNS1035LabelPrefix', validate: asPrefix(isDNS1035Label), regexSizeMax: 30 },
  labelValue: { name: 'LabelValue', validate: isLabelValue, regexSizeMax: 40 },
  uri: {
    name: 'URI',
    validate: (text) => [uriError(text)].filter((error) => error !== undefined),
    regexSizeMax: URL_SIZE,
  },
  uuid: matching('uuid', 'does not match the UUID format', (text) => UUID.test(text), UUID_SIZE),
  byte: matching('byte', 'invalid base64', (text) => BASE64.test(text), BASE64_SIZE),
  date: matching('date', 'invalid date', isDate, DATE_TIME_SIZE),
  datetime: matching('datetime', 'invalid datetime', isDateTime, DATE_TIME_SIZE),
};

export const formatsLibrary: Library = {
  ...Object.fromEntries(
    Object.entries(FORMATS).map(([name, format]) => [
      `format.${name}`,
      { overloads: { [`format.${name}`]: ['() kubernetes.NamedFormat', () => formatValue(format)] as const } },
    ]),
  ),
  'format.named': {
    overloads: { 'format-named': ['(string) optional_type(kubernetes.NamedFormat)', named] },
  },
  validate: {
    overloads: { 'format-validate': ['kubernetes.NamedFormat.(string) optional_type(list(string))', validate] },
  },
};

function formatValue(format: Format): FormatValue {
  return new CelOpaque(FORMAT, format, sameFormat);
}

function sameFormat(a: Format, b: Format): boolean {
  return a.name === b.name;
}

function named(name: string): CelValue {
  return Object.hasOwn(FORMATS, name) ? new CelOptional(formatValue(FORMATS[name]!)) : OPTIONAL_NONE;
}

function validate({ content }: FormatValue, text: string): CelValue {
  const errors = content.validate(text);
  return errors.length === 0 ? OPTIONAL_NONE : new CelOptional(new ValueList(errors));
}

/** Of a prefix only what has been written counts: a dash at the end will be followed by something. */
function asPrefix(validateName: (text: string) => readonly string[]): Format['validate'] {
  return (text) => validateName(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);
}

function matching(name: string, message: string, matches: (text: string) => boolean, regexSizeMax: number): Format {
  return { name, validate: (text) => (matches(text) ? [] : [message]), regexSizeMax };
}

function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!match) return false;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function isDateTime(text: string): boolean {
  const [date, time] = text.toLowerCase().split('t');
  const match = time === undefined ? null : TIME_OF_DAY.exec(time);
  return match !== null && isDate(date!) && match[1]! <= '23' && match[2]! <= '59' && match[3]! <= '59';
}
