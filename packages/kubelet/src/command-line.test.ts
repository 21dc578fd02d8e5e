import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { parseKubeletFlags } from './command-line.ts';

describe('parseKubeletFlags', () => {
  it('says nothing of what was not given', () => {
    assert.deepEqual(parseKubeletFlags([]), { help: false, verbosity: 0, program: {}, config: {} });
  });

  const settings: readonly (readonly [flag: string, config: object])[] = [
    ['--hostname-override=N', { nodeName: 'n' }],
    ['--node-ip=10.0.0.1,fd00::1', { nodeAddresses: ['10.0.0.1', 'fd00::1'] }],
    ['--cluster-dns=10.96.0.10', { clusterDNS: ['10.96.0.10'] }],
    ['--node-labels=a=b,c=', { nodeLabels: { a: 'b', c: '' } }],
    ['--max-pods=5', { maxPods: 5 }],
    ['--pod-cidr=10.1.0.0/24', { podCIDR: '10.1.0.0/24' }],
    ['--register-node=false', { registerNode: false }],
    ['--address=127.0.0.1', { address: '127.0.0.1' }],
    ['--port=10350', { port: 10350 }],
  ];
  for (const [flag, config] of settings) {
    it(`sets ${flag}`, () => assert.deepEqual(parseKubeletFlags([flag]).config, config));
  }

  it('knows where settings are', () => {
    const { configFile, configDirectory } = parseKubeletFlags(['--config=/a.yaml', '--config-dir=/b']);
    assert.deepEqual([configFile, configDirectory], ['/a.yaml', '/b']);
  });

  it('knows the files of its server', () => {
    const { program, certificateDirectory } = parseKubeletFlags(
      '--cert-dir=/r/pki --tls-cert-file=/c --tls-private-key-file=/k --client-ca-file=/a'.split(' '),
    );
    assert.deepEqual(program, { tlsCertFile: '/c', tlsPrivateKeyFile: '/k', clientCAFile: '/a' });
    assert.equal(certificateDirectory, '/r/pki');
  });

  const refused: readonly (readonly [line: string, message: RegExp])[] = [
    ['--foo', /^unknown flag: --foo$/],
    ['--max-pods=many', /^invalid argument "many" for "--max-pods" flag/],
    ['--node-labels=a', /--node-labels has "a", which is not KEY=VALUE/],
  ];
  for (const [line, message] of refused) {
    it(`refuses ${line}`, () => assert.throws(() => parseKubeletFlags(line.split(' ')), { message }));
  }
});
