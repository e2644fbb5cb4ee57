import type { AuthenticationProviderArgs, Authenticator, Mechanism } from 'kafkajs';
import { loadInternal } from './client-internals.js';

/** Username and password of SASL. */
export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  /** Asked for at each login, so that a new password needs no restart. */
  readonly password: () => string;
}

type Login = (sasl: {
  readonly username: string;
  readonly password: string;
}) => (args: AuthenticationProviderArgs) => Authenticator;

const modules = { plain: 'plain', 'scram-sha-256': 'scram256', 'scram-sha-512': 'scram512' } as const;

/** kafkajs 2.2.4 keeps the password it was made with; this asks for it at each login, and says what to do when it is refused. */
export function saslMechanism({ mechanism, username, password }: KafkaSasl): Mechanism {
  const login: Login = loadInternal(`kafkajs/src/broker/saslAuthenticator/${modules[mechanism]}`);
  return {
    mechanism,
    authenticationProvider: (args) => ({
      authenticate: async () => {
        try {
          await login({ username, password: password() })(args).authenticate();
        } catch (error) {
          if (error instanceof Error)
            error.message = `${error.message} (user ${JSON.stringify(username)} at ${args.host}:${args.port}: check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD)`;
          throw error;
        }
      },
    }),
  };
}
