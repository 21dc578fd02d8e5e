import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Device } from '@kts/api/types/resource-v1';
import { DeviceSelectors } from './device-selectors.ts';
import { createSelectorLanguage } from './selector-language.ts';

const DEVICE: Device = {
  name: 'd',
  attributes: {
    model: { string: 'y' },
    cores: { int: 8 },
    'other.example.com/fast': { bool: true },
    driverVersion: { version: '1.2.3' },
  },
  capacity: { memory: { value: '8Gi' } },
};

describe('device selectors', () => {
  const selectors = new DeviceSelectors(createSelectorLanguage);
  const matches = (expression: string): boolean =>
    selectors.match([{ cel: { expression } }], DEVICE, 'gpu.example.com', 'class c');

  const cases: readonly (readonly [expression: string, expected: boolean])[] = [
    ['device.driver == "gpu.example.com"', true],
    ['device.driver == "nic.example.com"', false],
    ['device.allowMultipleAllocations', false],
    ['device.attributes["gpu.example.com"].model == "y"', true],
    ['device.attributes["gpu.example.com"].cores > 4', true],
    ['device.attributes["other.example.com"].fast', true],
    ['device.attributes["gpu.example.com"].driverVersion.isGreaterThan(semver("1.2.0"))', true],
    ['device.capacity["gpu.example.com"].memory.compareTo(quantity("8Gi")) == 0', true],
    ['device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("16Gi"))', false],
    ['"model" in device.attributes["gpu.example.com"]', true],
    ['"model" in device.attributes["unknown.example.com"]', false],
    ['has(device.attributes["unknown.example.com"].model)', false],
    ['cel.bind(own, device.attributes["gpu.example.com"], own.model == "y" && own.cores == 8)', true],
    ['device.attributes["gpu.example.com"].?family.orValue("none") == "none"', true],
  ];
  for (const [expression, expected] of cases) it(expression, () => assert.equal(matches(expression), expected));

  const refusals: readonly (readonly [expression: string, message: RegExp])[] = [
    [
      'device.name',
      /^class c: selector #0: CEL compile error: compilation failed: ERROR: <input>:1:7: undefined field 'name'/,
    ],
    ['1', /^class c: selector #0: CEL compile error: must evaluate to bool or the unknown type, not int$/],
    ['device.attributes["gpu.example.com"].none', /^class c: selector #0: CEL runtime error: no such key: none$/],
  ];
  for (const [expression, message] of refusals) {
    it(`refuses ${expression}`, () => assert.throws(() => matches(expression), { message }));
  }

  it('all of them must match', () => {
    const both = [{ cel: { expression: 'true' } }, { cel: { expression: 'device.driver == "x"' } }];
    assert.equal(selectors.match(both, DEVICE, 'gpu.example.com', 'class c'), false);
    assert.equal(selectors.match([], DEVICE, 'gpu.example.com', 'class c'), true);
  });
});
