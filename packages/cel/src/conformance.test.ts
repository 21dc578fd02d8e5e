/**
 * The conformance tests of the language's specification, as far as they apply: Kubernetes has no protobuf messages in its
 * expressions, no containers, and only some of the extensions.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { tests as suite } from '@bufbuild/cel-spec/testdata/conformance.js';

import { createEnvironment } from './environment.ts';
import { ValueList, ValueMap } from './evaluate/collections.ts';
import { equalValues } from './evaluate/equality.ts';
import { CelTypeValue, CelUint, type CelValue } from './evaluate/value.ts';
import { describeValue } from './testing/evaluate-text.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
  listOf,
  mapOf,
  optionalOf,
  type CelType,
} from './types/cel-type.ts';

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: Test }[];
}

/** `cel.expr.conformance.test.SimpleTest` as JSON, the fields that are used here. */
interface Test {
  readonly name?: string;
  readonly expr: string;
  readonly container?: string;
  readonly disableCheck?: boolean;
  readonly checkOnly?: boolean;
  readonly disableMacros?: boolean;
  readonly typeEnv?: readonly { readonly name: string; readonly ident?: { readonly type: Json } }[];
  readonly bindings?: Readonly<Record<string, { readonly value: Json }>>;
  readonly value?: Json;
  readonly typedResult?: { readonly result?: Json; readonly deducedType?: Json };
  readonly evalError?: Json;
  readonly anyEvalErrors?: Json;
  readonly unknown?: Json;
  readonly anyUnknowns?: Json;
}

type Json = Readonly<Record<string, unknown>>;

/** Suites that have nothing to do with Kubernetes' expressions. */
const OTHER_SUITES: Readonly<Record<string, string>> = {
  bindings_ext: 'cel.bind is not enabled',
  block_ext: 'cel.block is not enabled',
  dynamic: 'protobuf messages',
  encoders_ext: 'base64 is not enabled',
  enums: 'protobuf enums',
  math_ext: 'math is not enabled',
  namespace: 'containers',
  proto2: 'protobuf messages',
  proto2_ext: 'protobuf messages',
  proto3: 'protobuf messages',
  unknowns: 'partial evaluation',
  wrappers: 'protobuf wrappers',
};

/** Tests that do not apply, by `suite/section/test`. */
const OTHER_TESTS: readonly (readonly [name: RegExp, reason: string])[] = [
  [/^fields\/quoted_map_fields\//, 'names in backquotes are not enabled'],
  [/^fields\/map_fields\/map_bad_key_type_(or_true|and_false)$/, 'upstream makes no program with such a constant key'],
  [/\/map_value_repeat_key/, 'upstream lets the last of equal keys win'],
  [/^optionals\/optionals\/map_(null_entry_no_such_key|present_key_invalid_field)$/, 'upstream finds nothing there'],
  [/^string_ext\/format\/.*scientific/, 'formatted for a locale before version 4 of the library'],
  [/^string_ext\/format\/.*infinity/, 'formatted for a locale before version 4 of the library'],
  [/^string_ext\/format\/NaN support for decimal/, 'only from version 4 of the library on'],
  [/^string_ext\/format\/(list|map) support/, 'parts are quoted before version 4 of the library'],
  [/^string_ext\/format\/dyntype support for (lists|maps)/, 'parts are quoted before version 4 of the library'],
  [/^string_ext\/value_errors\/(last)?indexof_out_of_range$/, 'upstream finds nothing there'],
  [/^type_deductions\/functions\/function_result_type$/, 'a function of its own'],
  [/^type_deductions\/type_parameters\/multiple_parameters/, 'a function of its own'],
];

const environment = createEnvironment({ homogeneousLiterals: false });

describe('the conformance tests of the specification', () => {
  for (const file of (suite as unknown as Suite).suites ?? []) {
    if (Object.hasOwn(OTHER_SUITES, file.name)) continue;
    for (const section of file.suites ?? []) {
      for (const { original } of section.tests ?? []) {
        const name = `${file.name}/${section.name}/${original.name}`;
        if (!applies(original) || OTHER_TESTS.some(([other]) => other.test(name))) continue;
        it(name, () => check(original));
      }
    }
  }
});

function applies(test: Test): boolean {
  const text = JSON.stringify(test);
  return (
    !test.disableCheck &&
    !test.disableMacros &&
    !test.container &&
    !test.unknown &&
    !test.anyUnknowns &&
    !/objectValue|messageType|enumValue|google\.protobuf|proto2|proto3|cel\.expr/.test(text)
  );
}

function check(test: Test): void {
  const variables = Object.fromEntries(
    (test.typeEnv ?? []).flatMap(({ name, ident }) => (ident ? [[name, typeOf(ident.type)]] : [])),
  );
  const compiled = environment.extend({ variables }).compile(test.expr);
  const fails = test.evalError !== undefined || test.anyEvalErrors !== undefined;
  if (!compiled.ok) {
    assert.ok(fails, compiled.message);
    return;
  }
  if (test.checkOnly) return;
  const bindings = new Map(Object.entries(test.bindings ?? {}).map(([name, { value }]) => [name, valueOf(value)]));
  const result = compiled.program.evaluate(bindings);
  if (fails) {
    assert.ok(!result.ok, 'should fail');
    return;
  }
  assert.ok(result.ok, result.ok ? '' : result.error.message);
  const expected = test.value ?? test.typedResult?.result ?? { boolValue: true };
  const wanted = valueOf(expected);
  const bothNaN = Number.isNaN(wanted) && Number.isNaN(result.value);
  assert.ok(
    bothNaN || equalValues(result.value, wanted) === true,
    `${describeValue(result.value)} for ${JSON.stringify(expected)}`,
  );
}

function valueOf(json: Json): CelValue {
  const [[kind, value]] = Object.entries(json) as [[string, unknown]];
  switch (kind) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'stringValue':
      return value as boolean | string;
    case 'int64Value':
      return BigInt(value as string);
    case 'uint64Value':
      return new CelUint(BigInt(value as string));
    case 'doubleValue':
      return Number(value);
    case 'bytesValue':
      return new Uint8Array(Buffer.from(value as string, 'base64'));
    case 'listValue':
      return new ValueList(((value as { values?: Json[] }).values ?? []).map(valueOf));
    case 'mapValue': {
      const { entries = [] } = value as { entries?: { key: Json; value: Json }[] };
      return ValueMap.of(entries.map((entry) => [valueOf(entry.key), valueOf(entry.value)] as const));
    }
    case 'typeValue':
      return new CelTypeValue(NAMED_TYPES[value as string] ?? DYN);
    default:
      throw new Error(`value of ${kind}`);
  }
}

const NAMED_TYPES: Readonly<Record<string, CelType>> = {
  bool: BOOL,
  bytes: BYTES,
  double: DOUBLE,
  int: INT,
  list: listOf(DYN),
  map: mapOf(DYN, DYN),
  null_type: NULL,
  optional_type: optionalOf(DYN),
  string: STRING,
  type: TYPE,
  uint: UINT,
  DURATION,
  TIMESTAMP,
};

function typeOf(json: Json): CelType {
  const [[kind, value]] = Object.entries(json) as [[string, unknown]];
  switch (kind) {
    case 'primitive':
      return PRIMITIVES[value as string]!;
    case 'wellKnown':
      return NAMED_TYPES[value as string] ?? DYN;
    case 'listType':
      return listOf(typeOf((value as { elemType: Json }).elemType));
    case 'mapType': {
      const { keyType, valueType } = value as { keyType: Json; valueType: Json };
      return mapOf(typeOf(keyType), typeOf(valueType));
    }
    case 'null':
      return NULL;
    default:
      return DYN;
  }
}

const PRIMITIVES: Readonly<Record<string, CelType>> = {
  BOOL,
  BYTES,
  DOUBLE,
  INT64: INT,
  STRING,
  UINT64: UINT,
};
