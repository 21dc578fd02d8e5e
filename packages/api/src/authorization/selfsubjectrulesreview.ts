import { defineResource } from '../define-resource.ts';
import type { SelfSubjectRulesReview } from '../gen/authorization-v1.gen.ts';

export const selfSubjectRulesReviews = defineResource<SelfSubjectRulesReview>(
  'authorization.k8s.io/v1',
  'selfsubjectrulesreviews',
);
