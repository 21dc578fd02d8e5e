import { defineResource } from '../define-resource.ts';
import type { SelfSubjectRulesReview } from '../gen/authorization-v1.gen.ts';

/** What may I do in this namespace? The answer is not stored; the API server finds it. */
export const selfSubjectRulesReviews = defineResource<SelfSubjectRulesReview>(
  'authorization.k8s.io/v1',
  'selfsubjectrulesreviews',
  { generation: 'none' },
);
