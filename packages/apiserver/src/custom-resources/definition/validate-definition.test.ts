import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { FieldError } from '@kts/apimachinery';
import type { CustomResourceDefinition, JSONSchemaProps } from '@kts/api/types/apiextensions-v1';

import { thingDefinition, thingVersion, type Version } from '../../testing/thing-definition.ts';
import { ruleChecks } from '../rules/rule-checks.ts';
import { validateDefinition, validateDefinitionName, validateDefinitionUpdate } from './validate-definition.ts';

type Spec = CustomResourceDefinition['spec'];

/** As it is after its defaults. */
function definition(versions: readonly Version[], extra: object = {}): CustomResourceDefinition {
  const crd = thingDefinition(versions, extra as Partial<Spec>);
  const names = { singular: 'thing', listKind: 'ThingList', ...crd.spec.names };
  const conversion = crd.spec.conversion ?? { strategy: 'None' };
  return { ...crd, spec: { ...crd.spec, names, conversion }, status: { storedVersions: ['v1'], acceptedNames: names } };
}

function textsOf(errors: readonly FieldError[]): string[] {
  const place = 'spec.validation.openAPIV3Schema.properties[spec]';
  return errors.map(({ field, message }) => `${field.replace(place, '@')}: ${message}`);
}

const spec: JSONSchemaProps = { type: 'object' };
const version = (extra: object = {}): Version => thingVersion(spec, extra as Partial<Version>);
const rule = (extra: object): JSONSchemaProps => ({
  'x-kubernetes-validations': [{ rule: 'self > 0', ...extra }] as never,
});

describe('a schema', () => {
  const TYPES = 'supported values: "array", "boolean", "integer", "number", "object", "string"';
  const TRY =
    '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';
  const cases: readonly (readonly [name: string, schema: JSONSchemaProps, ...errors: string[]])[] = [
    ['needs a type', {}, '@.type: Required value: must not be empty for specified object fields'],
    ['has a type that there is', { type: 'thing' }, `@.type: Unsupported value: "thing": ${TYPES}`],
    ['says what is in lists', { type: 'array' }, '@.items: Required value: must be specified'],
    [
      'has properties or additional ones',
      { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } },
      '@.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive',
    ],
    [
      'has no types inside of junctors',
      { type: 'object', properties: { a: { type: 'string' } }, anyOf: [{ properties: { a: { type: 'string' } } }] },
      '@.anyOf[0].properties[a].type: Forbidden: must be empty to be structural',
    ],
    ['but for one form', { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }],
    ['has no references', { $ref: '#/x' }, '@.$ref: Forbidden: $ref is not supported'],
    [
      'has no unique items',
      { type: 'array', uniqueItems: true, items: { type: 'string' } },
      '@.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    ],
    [
      'has patterns that can be read',
      { type: 'string', pattern: '(' },
      '@.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`',
    ],
    [
      'has defaults that fit',
      { type: 'string', default: 1 },
      '@.default: Invalid value: "integer":  in body must be of type string: "integer"',
    ],
    [
      'knows what is in its defaults',
      { type: 'object', default: { a: 1 } },
      '@.default: Invalid value: {"a":1}: must not have unknown fields',
    ],
    [
      'names the keys of maps in lists',
      { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } },
      '@.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
    ],
    [
      'has keys that are always there',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['a'],
        items: { type: 'object', properties: { a: { type: 'string' } } },
      },
      '@.items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
    ],
    [
      'has sets of atoms',
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } },
      '@.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set',
    ],
    [
      'has rules that say something',
      { type: 'integer', ...rule({ rule: '' }) },
      '@.x-kubernetes-validations[0].rule: Required value: rule is not specified',
    ],
    [
      'has rules that say yes or no',
      { type: 'integer', ...rule({ rule: 'self + 1' }) },
      '@.x-kubernetes-validations[0].rule: Invalid value: {"Rule":"self + 1","Message":"","MessageExpression":"","Reason":null,"FieldPath":"","OptionalOldSelf":null}: cel expression must evaluate to a bool',
    ],
    [
      'has messages that are text',
      { type: 'integer', ...rule({ rule: 'true', messageExpression: '1' }) },
      '@.x-kubernetes-validations[0].messageExpression: Invalid value: {"Rule":"true","Message":"","MessageExpression":"1","Reason":null,"FieldPath":"","OptionalOldSelf":null}: messageExpression must evaluate to a string',
    ],
    [
      'has rules of known reasons',
      { type: 'integer', ...rule({ reason: 'Because' }) },
      '@.x-kubernetes-validations[0].reason: Unsupported value: "Because": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"',
    ],
    [
      'has rules about fields that there are',
      { type: 'object', properties: { a: { type: 'string' } }, ...rule({ rule: 'true', fieldPath: '.b' }) },
      '@.x-kubernetes-validations[0].fieldPath: Invalid value: ".b": must be a valid path',
    ],
    [
      'compares with old values where they can be found',
      { type: 'array', items: { type: 'integer', ...rule({ rule: 'self == oldSelf' }) } },
      '@.items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within spec.validation.openAPIV3Schema.properties[spec]',
    ],
    [
      'has rules that do not cost too much',
      {
        type: 'array',
        items: { type: 'array', items: { type: 'string' } },
        ...rule({ rule: 'self.all(x, self.all(y, x == y))' }),
      },
      `@.x-kubernetes-validations[0].rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${TRY}`,
      '@.x-kubernetes-validations[0].rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
      `spec.validation.openAPIV3Schema: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${TRY}`,
    ],
  ];
  for (const [name, schema, ...errors] of cases) {
    test(name, () => {
      assert.deepEqual(textsOf(validateDefinition(definition([thingVersion(schema)]), ruleChecks)), errors);
    });
  }
});

describe('a definition', () => {
  const two = [version(), version({ name: 'v2', storage: false })];
  const first = (errors: readonly FieldError[]): string[] =>
    textsOf(errors).map((text) => text.replace(/Invalid value: \[.*\]:/, 'Invalid value: ...:'));
  const cases: readonly (readonly [name: string, versions: readonly Version[], extra: object, ...errors: string[]])[] =
    [
      ['may have several versions', two, {}],
      [
        'stores one of them',
        [version({ storage: false })],
        {},
        'spec.versions: Invalid value: ...: must have exactly one version marked as storage version',
      ],
      [
        'has every version once',
        [version(), version({ storage: false })],
        {},
        'spec.versions: Invalid value: ...: must contain unique version names',
      ],
      [
        'has a schema for each',
        [version({ schema: undefined })],
        {},
        'spec.versions[0].schema.openAPIV3Schema: Required value',
      ],
      [
        'has a scope',
        [version()],
        { scope: 'Other' },
        'spec.scope: Unsupported value: "Other": supported values: "Cluster", "Namespaced"',
      ],
      [
        'is of a domain',
        [version()],
        { group: 'example' },
        'spec.group: Invalid value: "example": should be a domain with at least one dot',
      ],
      [
        'has columns of known types with a path',
        [version({ additionalPrinterColumns: [{ name: '', type: 'strin', jsonPath: 'x' }] })],
        {},
        'spec.additionalPrinterColumns[0].name: Required value',
        'spec.additionalPrinterColumns[0].type: Invalid value: "strin": must be one of boolean,date,integer,number,string',
        'spec.additionalPrinterColumns[0].JSONPath: Invalid value: "x": must be a simple json path starting with .',
      ],
      [
        'is scaled by its spec',
        [
          version({
            subresources: { scale: { specReplicasPath: '.replicas', statusReplicasPath: '.status.replicas' } },
          }),
        ],
        {},
        'spec.subresources.scale.specReplicasPath: Invalid value: ".replicas": should be a json path under .spec',
      ],
      [
        'is selected by fields that it has',
        [version({ selectableFields: [{ jsonPath: '.spec.b' }] })],
        {},
        'spec.selectableFields[0].jsonPath: Invalid value: ".spec.b": is an invalid path: does not refer to a valid field',
      ],
      [
        'warns of nothing that is not deprecated',
        [version({ deprecationWarning: 'x' })],
        {},
        'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
      ],
      [
        'says where its webhook is',
        two,
        { conversion: { strategy: 'Webhook' } },
        'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
        'spec.conversion.conversionReviewVersions: Required value',
      ],
      [
        'has a webhook that understands a known review',
        two,
        {
          conversion: {
            strategy: 'Webhook',
            webhook: { clientConfig: { url: 'https://x' }, conversionReviewVersions: ['v2'] },
          },
        },
        'spec.conversion.conversionReviewVersions: Invalid value: ...: must include at least one of v1, v1beta1',
      ],
      [
        'drops unknown fields',
        two,
        { preserveUnknownFields: true },
        'spec.preserveUnknownFields: Invalid value: true: cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ],
    ];
  for (const [name, versions, extra, ...errors] of cases) {
    test(name, () => {
      assert.deepEqual(first(validateDefinition(definition(versions, extra), ruleChecks)), errors);
    });
  }

  test('is named after what it defines', () => {
    const crd = definition(two);
    assert.deepEqual(validateDefinitionName(crd), []);
    const wrong = validateDefinitionName({ ...crd, metadata: { ...crd.metadata, name: 'x.example.com' } });
    assert.deepEqual(textsOf(wrong), [
      'metadata.name: Invalid value: "x.example.com": must be spec.names.plural+"."+spec.group',
    ]);
  });
});

describe('a change of a definition', () => {
  const established = { type: 'Established', status: 'True', reason: '', message: '', lastTransitionTime: null };
  const change = (old: CustomResourceDefinition, extra: object): string[] => {
    const before = {
      ...old,
      status: { ...old.status, conditions: [established] },
    } as unknown as CustomResourceDefinition;
    const after = { ...before, spec: { ...before.spec, ...extra } };
    return textsOf(validateDefinitionUpdate(after, before, ruleChecks));
  };
  const crd = definition([version()]);

  test('keeps group, names and scope', () => {
    const kind = 'Other';
    assert.deepEqual(change(crd, { scope: 'Cluster', names: { ...crd.spec.names, kind } }), [
      'spec.scope: Invalid value: "Cluster": field is immutable',
      'spec.names.kind: Invalid value: "Other": field is immutable',
    ]);
  });

  test('keeps versions that objects are stored in', () => {
    const [error] = change(crd, { versions: [version({ name: 'v2' })] });
    assert.match(error!, /^status.storedVersions: Invalid value: \["v1"\]: must have the storage version v2$/);
  });

  test('may keep what was wrong before', () => {
    const wrong = definition([
      thingVersion({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } }),
    ]);
    assert.deepEqual(change(wrong, { preserveUnknownFields: false }), []);
  });
});

test('a storage version that is there twice is stored once', () => {
  const twice = definition([version(), version()]);
  const texts = textsOf(validateDefinition(twice, ruleChecks));
  assert.ok(
    texts.includes('status.storedVersions: Invalid value: ["v1"]: must have the storage version v1'),
    texts.join(),
  );
});

test('a name that the server makes up cannot be the right one', () => {
  const crd = definition([version()]);
  const generated = { ...crd, metadata: { generateName: 'x' } } as typeof crd;
  assert.deepEqual(textsOf(validateDefinitionName(generated)), [
    'metadata.generateName: Invalid value: "x": must be spec.names.plural+"."+spec.group',
  ]);
});
