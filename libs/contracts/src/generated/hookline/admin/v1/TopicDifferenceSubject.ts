// Original file: libs/contracts/proto/hookline/admin/v1/system_service.proto

export const TopicDifferenceSubject = {
  TOPIC_DIFFERENCE_SUBJECT_UNSPECIFIED: 'TOPIC_DIFFERENCE_SUBJECT_UNSPECIFIED',
  TOPIC_DIFFERENCE_SUBJECT_TOPIC: 'TOPIC_DIFFERENCE_SUBJECT_TOPIC',
  TOPIC_DIFFERENCE_SUBJECT_BROKER: 'TOPIC_DIFFERENCE_SUBJECT_BROKER',
} as const;

export type TopicDifferenceSubject =
  | 'TOPIC_DIFFERENCE_SUBJECT_UNSPECIFIED'
  | 0
  | 'TOPIC_DIFFERENCE_SUBJECT_TOPIC'
  | 1
  | 'TOPIC_DIFFERENCE_SUBJECT_BROKER'
  | 2

export type TopicDifferenceSubject__Output = typeof TopicDifferenceSubject[keyof typeof TopicDifferenceSubject]
