import type { SMTPServer, SMTPServerSession } from 'smtp-server';

/** The time in milliseconds within which a message must arrive. */
const MESSAGE_TIMEOUT_MS = 300_000;

/** A message that arrives on a connection. */
interface ArrivingMessage {
  /** Records that the message has arrived. From now on its connection is not closed for others. */
  readonly complete: () => void;
  readonly end: () => void;
}

/** The connections of an SMTP server. */
export interface SmtpConnections {
  /** Closes the oldest connection without a message in progress, if there are more than `limit`. */
  closeOldestAbove(limit: number, newest: SMTPServerSession): void;
  /** Starts the time within which a message must arrive. After it the connection is closed. */
  startMessage(session: SMTPServerSession): ArrivingMessage;
}

/** Watches the connections of a server, so that slow clients keep no mail out. */
export function watchConnections(server: SMTPServer): SmtpConnections {
  const inProgress = new WeakSet<SMTPServerSession>();
  return {
    closeOldestAbove(limit, newest) {
      if (server.connections.size <= limit) return;
      for (const connection of server.connections) {
        if (connection.session === newest || inProgress.has(connection.session)) continue;
        connection.send(421, 'Too many connections; this one is the oldest.');
        connection.close();
        return;
      }
    },
    startMessage(session) {
      const closeConnection = () => {
        for (const connection of server.connections) if (connection.session === session) connection.close();
      };
      const timer = setTimeout(closeConnection, MESSAGE_TIMEOUT_MS).unref();
      return {
        complete() {
          clearTimeout(timer);
          inProgress.add(session);
        },
        end() {
          clearTimeout(timer);
          inProgress.delete(session);
        },
      };
    },
  };
}
