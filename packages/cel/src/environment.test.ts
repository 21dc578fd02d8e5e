import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { createEnvironment } from './environment.ts';
import type { CelValue } from './evaluate/value.ts';
import { fromJson } from './schema/schema-value.ts';
import { schemaType } from './schema/schema-type.ts';
import { DYN, INT, listOf, objectType, STRING } from './types/cel-type.ts';
import { formatType } from './types/format-type.ts';

function compile(text: string, environment = createEnvironment({ variables: { x: DYN } })) {
  const compiled = environment.compile(text);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.message);
  return compiled.program;
}

describe('an environment', () => {
  it('says where an expression is wrong', () => {
    const compiled = createEnvironment().compile('1 +\n  é + "é" + y');
    assert.ok(!compiled.ok && compiled.stage === 'check');
    assert.deepEqual(compiled.issues, [
      { line: 2, column: 3, message: "Syntax error: token recognition error at: 'é'" },
      { line: 2, column: 5, message: "Syntax error: extraneous input '+' expecting " + PRIMARY },
    ]);
  });

  it('shows wide characters as wide', () => {
    const compiled = createEnvironment().compile('"日本" + y');
    assert.ok(!compiled.ok);
    const message = "ERROR: <input>:1:8: undeclared reference to 'y' (in container '')\n | \"日本\" + y\n | .．．....^";
    assert.equal(compiled.message, message);
  });

  it('tells constants that fail from expressions that are wrong', () => {
    const compiled = createEnvironment().compile("int('a') == 1");
    assert.ok(!compiled.ok && compiled.stage === 'program');
    assert.equal(compiled.message, "type conversion error from 'string' to 'int'");
    assert.equal(formatType(compiled.resultType), 'bool');
  });

  it('can be extended', () => {
    const base = createEnvironment({ variables: { a: INT } });
    const extended = base.extend({ variables: { b: INT } });
    assert.ok(extended.compile('a + b').ok);
    assert.ok(!base.compile('a + b').ok);
  });

  it('knows the types of its variables by name', () => {
    const inner = objectType('test.Inner', { name: STRING });
    const environment = createEnvironment({ variables: { outer: objectType('test.Outer', { all: listOf(inner) }) } });
    assert.ok(environment.compile('test.Inner == type(outer)').ok);
    assert.ok(!environment.compile('test.Other').ok);
  });

  it('may let literals be mixed', () => {
    assert.ok(!createEnvironment().compile("[1, 'a']").ok);
    assert.ok(createEnvironment({ homogeneousLiterals: false }).compile("[1, 'a']").ok);
  });

  it('may have cel.bind', () => {
    const expression = 'cel.bind(y, x.a + 1, y * y)';
    assert.ok(!createEnvironment({ variables: { x: DYN } }).compile(expression).ok);
    const program = compile(expression, createEnvironment({ variables: { x: DYN }, bind: true }));
    const result = program.evaluate(new Map([['x', fromJson({ a: 2 })]]));
    assert.deepEqual(result, { ok: true, value: 9n, cost: 6 });
    assert.deepEqual(program.cost, { min: 15, max: 15 });
  });

  it('may find fields that are keywords', () => {
    const type = schemaType({ type: 'object', properties: { namespace: { type: 'string' } } }, { name: 'T' })!;
    assert.ok(!createEnvironment({ variables: { o: type } }).compile('o.namespace').ok);
    assert.ok(createEnvironment({ variables: { o: type }, keywordFields: true }).compile('o.namespace').ok);
  });

  it('constructs objects of types that can be', () => {
    const point = {
      ...objectType('Point', { x: INT, y: INT }),
      construct: (fields: ReadonlyMap<string, unknown>) => fields.get('x'),
    };
    const environment = createEnvironment({ types: [point] });
    const result = compile('Point{x: 3, ?y: optional.none()}', environment).evaluate(new Map());
    assert.deepEqual(result, { ok: true, value: 3n, cost: 41 });
    const wrong = environment.compile("Point{x: 'a'}");
    assert.ok(!wrong.ok);
    assert.match(wrong.message, /expected type of field 'x' is 'int' but provided type is 'string'/);
  });
});

const PRIMARY =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

describe('a program', () => {
  it('asks for variables when it needs them, and once', () => {
    const asked: string[] = [];
    const values = {
      get(name: string): CelValue {
        asked.push(name);
        return name === 'a';
      },
    };
    const environment = createEnvironment({ variables: { a: DYN, b: DYN } });
    const result = compile('a == true || b == true || a == b', environment).evaluate(values);
    assert.ok(result.ok && result.value === true);
    assert.deepEqual(asked, ['a']);
  });

  it('can be given null, but not nothing', () => {
    const program = compile('x == null');
    assert.deepEqual(program.evaluate(new Map([['x', null]])), { ok: true, value: true, cost: 2 });
    const result = program.evaluate(new Map());
    assert.ok(!result.ok);
    assert.equal(result.error.message, 'no such attribute(s): x');
  });

  it('ends when it has cost too much, whatever || and && would make of an error', () => {
    const program = compile('true || x.all(a, x.all(b, true))');
    assert.ok(program.evaluate(new Map([['x', fromJson([1])]]), { costLimit: 0 }).ok);
    const costly = compile('x.all(a, x.all(b, a == b)) || true');
    const result = costly.evaluate(new Map([['x', fromJson([1, 1, 1, 1])]]), { costLimit: 20 });
    assert.ok(!result.ok);
    assert.equal(result.error.reason, 'costExceeded');
    assert.equal(result.error.message, 'operation cancelled: actual cost limit exceeded');
    assert.equal(result.cost, 21);
  });

  it('ends when it is told to', () => {
    const numbers = fromJson(Array.from({ length: 1000 }, () => 1));
    const result = compile('x.all(a, true)').evaluate(new Map([['x', numbers]]), { signal: AbortSignal.abort() });
    assert.ok(!result.ok);
    assert.equal(result.error.reason, 'interrupted');
  });

  it('may be run while it runs', () => {
    const program = compile('x.map(a, a + 1)');
    const outer = program.evaluate({
      get: () => {
        const inner = program.evaluate(new Map([['x', fromJson([1])]]));
        return inner.ok ? inner.value : undefined;
      },
    });
    assert.ok(outer.ok);
  });

  it('does not change what it is given', () => {
    const object = Object.freeze({ list: Object.freeze([1, 2]), map: Object.freeze({ a: 1 }) });
    const result = compile('x.list + [3] == [1, 2, 3] && x.map.transformMap(k, v, v + 1).a == 2').evaluate(
      new Map([['x', fromJson(object)]]),
    );
    assert.ok(result.ok && result.value === true);
  });
});

describe('the cost of a rule', () => {
  const type = schemaType(
    {
      type: 'object',
      properties: {
        s: { type: 'string' },
        short: { type: 'string', maxLength: 10 },
        l: { type: 'array', items: { type: 'string', maxLength: 5 }, maxItems: 100 },
        i: { type: 'integer' },
      },
    },
    { name: 'T' },
  )!;
  const environment = createEnvironment({ variables: { self: type } });
  const rows: readonly (readonly [rule: string, max: number])[] = [
    ["self.s == 'a'", 3],
    ["self.s.contains('a')", 314_575],
    ["self.short.contains('abcabcabcabc')", 10],
    ['self.i == 1', 2],
    ["self.l.all(e, e == 'x')", 503],
    ['self.l.map(e, e).size() == 3', 1315],
    ['self.l.join().size() > 3', 204],
    ['self.l.isSorted()', 302],
  ];
  for (const [rule, max] of rows) {
    it(rule, () => {
      const compiled = environment.compile(rule, { sizeRoot: type });
      assert.ok(compiled.ok);
      assert.equal(compiled.program.cost.max, max);
    });
  }
});
