import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Counter, gauge, Histogram } from './metric.ts';

describe('metrics', () => {
  it('count by label values', () => {
    const counter = new Counter('requests_total', 'Requests.', ['code', 'path']);
    counter.add(['200', 'a"b']);
    counter.add(['200', 'a"b'], 2);
    counter.add(['404', '\n']);
    assert.equal(
      counter.expose(),
      '# HELP requests_total Requests.\n# TYPE requests_total counter\n' +
        'requests_total{code="200",path="a\\"b"} 3\nrequests_total{code="404",path="\\n"} 1\n',
    );
  });

  it('sort observations into buckets', () => {
    const histogram = new Histogram('seconds', 'Time.', ['verb'], [0.1, 1]);
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(['GET'], value);
    assert.equal(
      histogram.expose(),
      '# HELP seconds Time.\n# TYPE seconds histogram\n' +
        'seconds_bucket{verb="GET",le="0.1"} 2\nseconds_bucket{verb="GET",le="1"} 3\n' +
        'seconds_bucket{verb="GET",le="+Inf"} 4\nseconds_sum{verb="GET"} 7.65\nseconds_count{verb="GET"} 4\n',
    );
  });

  it('are left out while no labels have a value', () => {
    const labelled = [
      new Counter('a', 'A.', ['x']),
      new Histogram('b', 'B.', ['x'], [1]),
      gauge('c', 'C.', [], () => []),
    ];
    assert.deepEqual(
      labelled.map((metric) => metric.expose()),
      ['', '', ''],
    );
    assert.match(new Counter('d', 'D.').expose(), /^d 0$/m);
    assert.match(new Histogram('e', 'E.', [], [1]).expose(), /^e_count 0$/m);
  });

  it('read gauges when they are asked for', () => {
    let value = 1;
    const metric = gauge('open', 'Open.', [], () => [[[], value]]);
    value = 2;
    assert.match(metric.expose(), /^open 2$/m);
  });
});
