import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podInfoOf } from '../framework/pod-info.ts';
import { pod } from '../testing/index.ts';
import { Nominations } from './nominations.ts';

const nominated = (name: string, nominatedNodeName?: string) =>
  pod(name, nominatedNodeName ? { status: { nominatedNodeName } } : {});

describe('Nominations', () => {
  const on = (nominations: Nominations, node: string) =>
    nominations.byNode.get(node)?.map(({ pod: { metadata } }) => metadata.name) ?? [];

  it('come from the status, or from who knows better', () => {
    const nominations = new Nominations();
    nominations.set(podInfoOf(nominated('a', 'n')));
    nominations.set(podInfoOf(nominated('b')), 'n');
    nominations.set(podInfoOf(nominated('c')));
    assert.deepEqual(on(nominations, 'n'), ['a', 'b']);
    nominations.set(podInfoOf(nominated('a', 'n')), 'm');
    assert.deepEqual([on(nominations, 'n'), on(nominations, 'm')], [['b'], ['a']]);
    nominations.set(podInfoOf(nominated('a', 'n')), '');
    assert.deepEqual(on(nominations, 'm'), []);
  });

  it('survive an update of a status that does not show them yet', () => {
    const nominations = new Nominations();
    nominations.set(podInfoOf(nominated('a')), 'n');
    nominations.update(nominated('a'), podInfoOf(nominated('a')));
    assert.deepEqual(on(nominations, 'n'), ['a']);
    nominations.update(nominated('a', 'n'), podInfoOf(nominated('a')));
    assert.deepEqual(on(nominations, 'n'), []);
  });

  it('do not change a map that was handed out', () => {
    const nominations = new Nominations();
    nominations.set(podInfoOf(nominated('a', 'n')));
    const before = nominations.byNode;
    nominations.set(podInfoOf(nominated('b', 'n')));
    nominations.delete('uid-default-a');
    assert.deepEqual([before.get('n')!.length, on(nominations, 'n')], [1, ['b']]);
  });
});
