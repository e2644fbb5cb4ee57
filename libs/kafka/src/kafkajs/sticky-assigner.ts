import kafkajs, { type PartitionAssigner } from 'kafkajs';
import { z } from 'zod';
import { assignStickily, type GroupMember, type PartitionsByTopic } from '#kafka/sticky-assignment';

// Node sees only the first of this CommonJS module's names.
const { AssignerProtocol } = kafkajs;

/** What a member had when it joins again. */
export interface OwnedPartitions {
  readonly generation: number;
  readonly owned: PartitionsByTopic;
}

const name = 'hookline-sticky';
const version = 1;
const nothing: OwnedPartitions = { generation: -1, owned: {} };
const userDataShape = z.object({
  generation: z.int(),
  owned: z.record(z.string(), z.array(z.int().nonnegative())),
});

/**
 * The protocol by which the members of a group tell the leader what they had, as user data of their subscription, and by
 * which the leader deals (kafkajs has only a round robin that moves nearly everything whenever somebody comes or goes).
 */
export function stickyAssigner(ownedNow: () => OwnedPartitions): PartitionAssigner {
  return ({ cluster }) => ({
    name,
    version,
    protocol: ({ topics }) => {
      const userData = Buffer.from(JSON.stringify(ownedNow()));
      return { name, metadata: AssignerProtocol.MemberMetadata.encode({ version, topics, userData }) };
    },
    assign: async ({ members, topics }) => {
      const partitionsOf = Object.fromEntries(
        topics.toSorted().map((topic) => [
          topic,
          cluster
            .findTopicPartitionMetadata(topic)
            .map(({ partitionId }) => partitionId)
            .toSorted((a, b) => a - b),
        ]),
      );
      const known = members.map(({ memberId, memberMetadata }): GroupMember => {
        const told = AssignerProtocol.MemberMetadata.decode(memberMetadata)?.userData;
        return { id: memberId, ...readOwned(told) };
      });
      return [...assignStickily(known, partitionsOf)].map(([memberId, own]) => {
        const assignment = Object.fromEntries(Object.entries(own).map(([topic, all]) => [topic, [...all]]));
        const userData = Buffer.alloc(0);
        return {
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({ version, assignment, userData }),
        };
      });
    },
  });
}

/** A member that says nothing we can read had nothing: it only loses what it could have kept. */
function readOwned(userData: Buffer | undefined): OwnedPartitions {
  try {
    const told = userDataShape.safeParse(JSON.parse(userData?.toString('utf8') ?? ''));
    return told.success ? told.data : nothing;
  } catch {
    return nothing;
  }
}
