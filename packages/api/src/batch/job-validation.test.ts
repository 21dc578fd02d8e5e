import { deepEqual } from 'node:assert/strict';
import { describe, it } from 'node:test';
import { created, testCreation, testStatusUpdate, testUpdate, testWarnings } from '../testing/rule-table.ts';
import { cronJobs } from './cronjob.ts';
import { jobs } from './job.ts';

const template = { spec: { containers: [{ name: 'c', image: 'i' }], restartPolicy: 'Never' } };
const job = { definition: jobs, base: { spec: { template } } };
const cronJob = {
  definition: cronJobs,
  base: { spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } } },
};
const indexed = (fields: object): object => ({ spec: { completionMode: 'Indexed', completions: 3, ...fields } });
const failure = (...rules: object[]): object => ({ spec: { podFailurePolicy: { rules } } });
const onExit = (operator: string, ...values: number[]): object => ({
  action: 'FailJob',
  onExitCodes: { operator, values },
});
const success = (...rules: object[]): object => indexed({ successPolicy: { rules } });
const condition = (...types: string[]): object[] => types.map((type) => ({ type, status: 'True' }));
const START = '2026-01-01T00:00:00Z';
const END = '2026-01-01T00:01:00Z';

describe('jobs', () => {
  testCreation(job, [
    ['the least', {}],
    [
      'counts below zero',
      {
        spec: {
          parallelism: -1,
          completions: -1,
          activeDeadlineSeconds: -1,
          backoffLimit: -1,
          ttlSecondsAfterFinished: -1,
        },
      },
      'spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
      'spec.completions: Invalid value: -1: must be greater than or equal to 0',
      'spec.activeDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
      'spec.ttlSecondsAfterFinished: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      "a selector of one's own",
      { spec: { selector: { matchLabels: { a: 'b' } } } },
      'spec.selector: Invalid value: {"matchLabels":{"a":"b","batch.kubernetes.io/controller-uid":"u"}}: `selector` not auto-generated',
      'spec.template.metadata.labels: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"x","controller-uid":"u","job-name":"x"}: `selector` does not match template `labels`',
    ],
    [
      'a manual selector that is missing',
      { spec: { manualSelector: true } },
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
    ],
    [
      'a manual selector of other pods',
      { spec: { manualSelector: true, selector: { matchLabels: { a: 'b' } } } },
      'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
    ],
    [
      "a generated label of one's own",
      { spec: { template: { metadata: { labels: { 'job-name': 'y' } } } } },
      `spec.template.metadata.labels[job-name]: Invalid value: {"batch.kubernetes.io/controller-uid":"u","batch.kubernetes.io/job-name":"x","controller-uid":"u","job-name":"y"}: must be 'x'`,
    ],
    [
      'pods that never end',
      { spec: { template: { spec: { restartPolicy: 'Always' } } } },
      'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      'an unknown mode',
      { spec: { completionMode: 'x' } },
      'spec.completionMode: Unsupported value: "x": supported values: "NonIndexed", "Indexed"',
    ],
    [
      'an index without end',
      { spec: { completionMode: 'Indexed', parallelism: 1 } },
      'spec.completions: Required value: when completion mode is Indexed',
    ],
    [
      'too many at once',
      indexed({ completions: 1, parallelism: 100_001 }),
      'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
    ],
    ['a limit for each index', indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 2 })],
    [
      'a limit for each index without indexes',
      { spec: { backoffLimitPerIndex: 1 } },
      'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    ],
    [
      'failed indexes without a limit for each',
      indexed({ maxFailedIndexes: 1 }),
      'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
    ],
    [
      'limits below zero',
      indexed({ backoffLimitPerIndex: -1, maxFailedIndexes: -1 }),
      'spec.backoffLimitPerIndex: Invalid value: -1: must be greater than or equal to 0',
      'spec.maxFailedIndexes: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'more failed indexes than there are',
      indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 4 }),
      'spec.maxFailedIndexes: Invalid value: 4: must be less than or equal to completions',
    ],
    ['another manager', { spec: { managedBy: 'example.com/a' } }],
    [
      'a manager without domain',
      { spec: { managedBy: 'a' } },
      'spec.managedBy: Invalid value: "a": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      'an unknown replacement',
      { spec: { podReplacementPolicy: 'x' } },
      'spec.podReplacementPolicy: Unsupported value: "x": supported values: "Failed", "TerminatingOrFailed"',
    ],
    [
      'a replacement that is too early',
      { spec: { podFailurePolicy: { rules: [onExit('In', 1)] }, podReplacementPolicy: 'TerminatingOrFailed' } },
      'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
    ],
  ]);
});

describe('what failures of pods mean', () => {
  testCreation(job, [
    ['exit codes', failure(onExit('In', 1, 2))],
    [
      'zero as a failure',
      failure(onExit('In', 0, 1)),
      'spec.podFailurePolicy.rules[0].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
    ],
    ['zero among others', failure(onExit('NotIn', 0))],
    [
      'codes in disorder',
      failure(onExit('In', 2, 1)),
      'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,1]: must be ordered',
    ],
    [
      'a code twice',
      failure(onExit('In', 1, 1)),
      'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Duplicate value: 1',
    ],
    [
      'an unknown operator',
      failure(onExit('x', 1)),
      'spec.podFailurePolicy.rules[0].onExitCodes.operator: Unsupported value: "x": supported values: "In", "NotIn"',
    ],
    [
      'no codes',
      failure(onExit('In')),
      'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: []: at least one value is required',
    ],
    [
      'no requirement',
      failure({ action: 'Ignore' }),
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    ],
    [
      'two requirements',
      failure({
        action: 'Ignore',
        onExitCodes: { operator: 'In', values: [1] },
        onPodConditions: [{ type: 'A', status: 'True' }],
      }),
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported',
    ],
    [
      'an unknown action',
      failure({ ...onExit('In', 1), action: 'x' }),
      'spec.podFailurePolicy.rules[0].action: Unsupported value: "x": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
    ],
    [
      'no action',
      failure({ ...onExit('In', 1), action: '' }),
      'spec.podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
    ],
    [
      'an index without limits',
      failure({ ...onExit('In', 1), action: 'FailIndex' }),
      'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
    ],
    [
      'an unknown container',
      failure({ action: 'Ignore', onExitCodes: { containerName: 'x', operator: 'In', values: [1] } }),
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "x": must be one of the container or initContainer names in the pod template',
    ],
    [
      'a condition with an unknown status',
      failure({ action: 'Ignore', onPodConditions: [{ type: 'A', status: 'x' }] }),
      'spec.podFailurePolicy.rules[0].onPodConditions[0].status: Unsupported value: "x": supported values: "False", "True", "Unknown"',
    ],
    [
      'a condition with a bad type',
      failure({ action: 'Ignore', onPodConditions: [{ type: 'a b', status: 'True' }] }),
      `spec.podFailurePolicy.rules[0].onPodConditions[0].type: Invalid value: "a b": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character`,
    ],
    [
      'pods that restart',
      { spec: { podFailurePolicy: { rules: [onExit('In', 1)] }, template: { spec: { restartPolicy: 'OnFailure' } } } },
      'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
    ],
  ]);
});

describe('what makes a success', () => {
  testCreation(job, [
    ['some indexes', success({ succeededIndexes: '0-1', succeededCount: 1 })],
    [
      'without indexes',
      { spec: { successPolicy: { rules: [{ succeededCount: 1 }] } } },
      'spec.successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
    ],
    [
      'no rules',
      indexed({ successPolicy: { rules: [] } }),
      'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
    ],
    [
      'an empty rule',
      success({}),
      'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
    ],
    [
      'an index beyond',
      success({ succeededIndexes: '3' }),
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "3": error parsing succeededIndexes: too large index: "3"',
    ],
    [
      'no index',
      success({ succeededIndexes: 'x' }),
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "x": error parsing succeededIndexes: cannot convert string to integer for index: "x"',
    ],
    [
      'more than there are',
      success({ succeededCount: 4 }),
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of specified completions)',
    ],
    [
      'more than those listed',
      success({ succeededIndexes: '0', succeededCount: 2 }),
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 2: must be less than or equal to 1 (the number of indexes in the specified succeededIndexes field)',
    ],
  ]);
});

describe('changes of jobs', () => {
  testUpdate(job, [
    ['what may change', { spec: { parallelism: 2, backoffLimit: 1, suspend: true, activeDeadlineSeconds: 5 } }],
    ['other completions', { spec: { completions: 2 } }, 'spec.completions: Invalid value: 2: field is immutable'],
    [
      'another mode',
      { spec: { completionMode: 'Indexed' } },
      'spec.completionMode: Invalid value: "Indexed": field is immutable',
    ],
    [
      'another manager',
      { spec: { managedBy: 'example.com/a' } },
      'spec.managedBy: Invalid value: "example.com/a": field is immutable',
    ],
    [
      'other failures',
      failure(onExit('In', 1)),
      'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
      'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
      'spec.podFailurePolicy: Invalid value: {"Rules":[{"Action":"FailJob","OnExitCodes":{"ContainerName":null,"Operator":"In","Values":[1]},"OnPodConditions":null}]}: field is immutable',
    ],
  ]);
});

describe('changes of indexed jobs', () => {
  testUpdate(
    job,
    [
      ['more with more at once', { spec: { completions: 4, parallelism: 4 } }],
      [
        'more alone',
        { spec: { completions: 4 } },
        'spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism',
      ],
    ],
    indexed({ parallelism: 3 }),
  );
});

describe('status of jobs', () => {
  testStatusUpdate(job, [
    ['a start', { status: { startTime: START, active: 1 } }],
    [
      'counts below zero',
      { status: { active: -1, succeeded: -1, failed: -1, ready: -1, terminating: -1 } },
      'status.active: Invalid value: -1: must be greater than or equal to 0',
      'status.succeeded: Invalid value: -1: must be greater than or equal to 0',
      'status.failed: Invalid value: -1: must be greater than or equal to 0',
      'status.ready: Invalid value: -1: must be greater than or equal to 0',
      'status.terminating: Invalid value: -1: must be greater than or equal to 0',
      'status.failed: Invalid value: -1: cannot decrease the failed counter',
      'status.succeeded: Invalid value: -1: cannot decrease the succeeded counter',
    ],
    [
      'a pod that counts twice',
      { status: { uncountedTerminatedPods: { succeeded: ['a', ''], failed: ['a'] } } },
      'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty',
      'status.uncountedTerminatedPods.failed[0]: Duplicate value: "a"',
    ],
    [
      'an end',
      {
        status: {
          startTime: START,
          completionTime: END,
          succeeded: 1,
          conditions: condition('SuccessCriteriaMet', 'Complete'),
        },
      },
    ],
    [
      'an end out of nothing',
      { status: { conditions: condition('Complete') } },
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      'status.startTime: Required value: startTime is required for finished job',
    ],
    [
      'an end of what is not complete',
      { status: { startTime: START, completionTime: END } },
      'status.completionTime: Invalid value: "2026-01-01T00:01:00Z": cannot set completionTime when there is no Complete=True condition',
    ],
    [
      'an end before the start',
      { status: { startTime: END, completionTime: START, conditions: condition('SuccessCriteriaMet', 'Complete') } },
      'status.completionTime: Invalid value: "2026-01-01T00:00:00Z": must be equal to or after `startTime`',
    ],
    [
      'success and failure',
      {
        status: {
          startTime: START,
          completionTime: END,
          conditions: condition('SuccessCriteriaMet', 'Complete', 'FailureTarget', 'Failed'),
        },
      },
      'status.conditions: Invalid value: cannot set Complete=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set Complete=True and FailureTarget=true conditions',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and Failed=true conditions',
      'status.conditions: Invalid value: cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
    ],
    [
      'a failure without target',
      { status: { startTime: START, conditions: condition('Failed') } },
      'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
    ],
    [
      'pods after the end',
      {
        status: {
          startTime: START,
          completionTime: END,
          active: 1,
          terminating: 1,
          uncountedTerminatedPods: { failed: ['a'] },
          conditions: condition('SuccessCriteriaMet', 'Complete'),
        },
      },
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
      'status.uncountedTerminatedPods: Invalid value: {"Succeeded":null,"Failed":["a"]}: must be empty for finished job',
      'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job',
    ],
    [
      'more ready than active',
      { status: { startTime: START, ready: 1 } },
      'status.ready: Invalid value: 1: cannot set more ready pods than active',
    ],
    [
      'indexes of a job without',
      { status: { completedIndexes: '0', failedIndexes: '1' } },
      'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
      'status.failedIndexes: Invalid value: "1": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
    ],
  ]);
});

describe('status of indexed jobs', () => {
  testStatusUpdate(
    job,
    [
      ['indexes', { status: { startTime: START, completedIndexes: '0', failedIndexes: '1' } }],
      [
        'an index beyond',
        { status: { completedIndexes: '3', failedIndexes: '3' } },
        'status.completedIndexes: Invalid value: "3": error parsing completedIndexes: too large index: "3"',
        'status.failedIndexes: Invalid value: "3": error parsing failedIndexes: too large index: "3"',
      ],
      [
        'an index that is both',
        { status: { completedIndexes: '0,1', failedIndexes: '1' } },
        'status.failedIndexes: Invalid value: "1": failedIndexes and completedIndexes overlap at index: 1',
      ],
    ],
    indexed({ backoffLimitPerIndex: 1 }),
  );
});

describe('status of jobs that ended', () => {
  testStatusUpdate(
    job,
    [
      ['as it was', {}],
      [
        'no more',
        { status: { conditions: [], completionTime: null } },
        'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
        'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
      ],
      [
        'fewer',
        { status: { succeeded: 0, failed: 0 } },
        'status.failed: Invalid value: 0: cannot decrease the failed counter',
        'status.succeeded: Invalid value: 0: cannot decrease the succeeded counter',
      ],
      [
        'other times',
        { status: { startTime: END, completionTime: '2026-01-02T00:00:00Z' } },
        'status.completionTime: Invalid value: "2026-01-02T00:00:00Z": field is immutable',
        'status.startTime: Invalid value: "2026-01-01T00:01:00Z": field is immutable for unsuspended job once set',
      ],
    ],
    {
      status: {
        startTime: START,
        completionTime: END,
        succeeded: 1,
        failed: 1,
        conditions: condition('SuccessCriteriaMet', 'Complete'),
      },
    },
  );
});

describe('status that was wrong before', () => {
  testStatusUpdate(job, [['another count', { status: { succeeded: 1 } }]], {
    status: { startTime: START, active: 1, conditions: condition('Complete') },
  });
});

describe('warnings about jobs', () => {
  testWarnings(job, [
    ['none', {}],
    [
      'a name that hosts cannot have',
      { metadata: { name: 'a.b' } },
      'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
    ],
    [
      'very many',
      indexed({ completions: 100_001, parallelism: 10_001 }),
      'spec: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail',
    ],
  ]);
});

describe('cron jobs', () => {
  testCreation(cronJob, [
    ['the least', {}],
    ['no schedule', { spec: { schedule: '' } }, 'spec.schedule: Required value'],
    [
      'a bad schedule',
      { spec: { schedule: 'x' } },
      'spec.schedule: Invalid value: "x": expected exactly 5 fields, found 1: [x]',
    ],
    [
      'a minute that is none',
      { spec: { schedule: '60 * * * *' } },
      'spec.schedule: Invalid value: "60 * * * *": end of range (60) above maximum (59): 60',
    ],
    [
      'a zone in the schedule',
      { spec: { schedule: 'TZ=UTC * * * * *' } },
      'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
    [
      'two zones',
      { spec: { schedule: 'TZ=UTC * * * * *', timeZone: 'UTC' } },
      'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
    ['an unknown zone', { spec: { timeZone: 'x/y' } }, 'spec.timeZone: Invalid value: "x/y": unknown time zone x/y'],
    [
      'no zone',
      { spec: { timeZone: '' } },
      'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string',
    ],
    [
      "the server's zone",
      { spec: { timeZone: 'Local' } },
      'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
    ],
    [
      'numbers below zero',
      { spec: { startingDeadlineSeconds: -1, successfulJobsHistoryLimit: -1, failedJobsHistoryLimit: -1 } },
      'spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.successfulJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
      'spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'an unknown policy',
      { spec: { concurrencyPolicy: 'x' } },
      'spec.concurrencyPolicy: Unsupported value: "x": supported values: "Allow", "Forbid", "Replace"',
    ],
    [
      'a selector',
      { spec: { jobTemplate: { spec: { manualSelector: true } } } },
      'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
    ],
    [
      'jobs with negative numbers',
      { spec: { jobTemplate: { spec: { parallelism: -1 } } } },
      'spec.jobTemplate.spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
    ],
    [
      'a long name',
      { metadata: { name: 'a'.repeat(53) } },
      'metadata.name: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be no more than 52 characters',
    ],
  ]);
});

describe('changes of cron jobs', () => {
  testUpdate(
    cronJob,
    [
      ['another schedule', { spec: { schedule: '@hourly' } }],
      [
        'a bad schedule',
        { spec: { schedule: 'x' } },
        'spec.schedule: Invalid value: "x": expected exactly 5 fields, found 1: [x]',
      ],
    ],
    { spec: { schedule: '@daily' } },
  );
});

describe('labels of jobs', () => {
  const generated = {
    'batch.kubernetes.io/controller-uid': 'u',
    'batch.kubernetes.io/job-name': 'x',
    'controller-uid': 'u',
    'job-name': 'x',
  };
  const labelled = (labels: object): object => ({ spec: { template: { metadata: { labels } } } });
  const rows: readonly [name: string, change: object, labels: object][] = [
    ['those of its pods', {}, generated],
    ['with what pods have besides', labelled({ app: 'a' }), { app: 'a', ...generated }],
    ['its own', { metadata: { labels: { a: 'b' } } }, { a: 'b' }],
  ];
  for (const [name, change, labels] of rows) {
    it(name, () => deepEqual(created(job, change).metadata.labels, labels));
  }
});
