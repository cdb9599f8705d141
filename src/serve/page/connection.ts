const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** After this long without a message the board is pinged … */
const QUIET_MS = 20_000;
/** … and the connection is given up if no answer comes within this time. A new connection has as long to open. */
const ANSWER_MS = 10_000;

interface Listening {
  readonly onOpen: () => void;
  /** The connection is retried automatically. */
  readonly onLost: () => void;
  readonly onMessage: (text: string) => void;
  /** Whether to try connecting: asked before each attempt, and again after a while if not. */
  readonly mayConnect: () => boolean;
}

/** The topics that the page uses. The rest it fetches from the API when needed. */
const TOPICS = "board,comparison,fleet,jobs,sync";

/** Opens one WebSocket and calls `onLost` once when it is lost: closed by the other end, or silent after a ping. */
function connect({ onOpen, onLost, onMessage }: Omit<Listening, "mayConnect">): void {
  const socket = new WebSocket(
    `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws?topics=${TOPICS}`,
  );
  const lost = (): void => {
    clearTimeout(waiting);
    // Closing takes long if the other end is gone, so further events are ignored.
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    onLost();
  };
  const heard = (): void => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      socket.send('{"type":"ping"}');
      waiting = setTimeout(lost, ANSWER_MS);
    }, QUIET_MS);
  };
  let waiting = setTimeout(lost, ANSWER_MS);
  socket.onopen = () => {
    heard();
    onOpen();
  };
  socket.onmessage = ({ data }) => {
    heard();
    onMessage(String(data));
  };
  socket.onclose = lost;
}

/** Keeps a connection to the board open as long as the page is. */
export function keepConnected({ onOpen, onLost, onMessage, mayConnect }: Listening): void {
  let pauseMs = FIRST_PAUSE_MS;
  const again = (): void => {
    setTimeout(attempt, pauseMs * (0.5 + Math.random() / 2));
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  };
  const attempt = (): void => {
    if (!mayConnect()) {
      setTimeout(attempt, FIRST_PAUSE_MS);
      return;
    }
    connect({
      onOpen: () => {
        pauseMs = FIRST_PAUSE_MS;
        onOpen();
      },
      onLost: () => {
        onLost();
        again();
      },
      onMessage,
    });
  };
  attempt();
}
