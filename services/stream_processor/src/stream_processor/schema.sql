-- Run at every start, under a lock: each statement may be run again. A change is a new statement at the end, such that
-- the release before can still write; what nobody reads any more is dropped one release later.
CREATE TABLE IF NOT EXISTS articles (
  id           uuid PRIMARY KEY,
  seq          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  source       text NOT NULL,
  url          text NOT NULL,
  title        text NOT NULL,
  text         text NOT NULL,
  published_at timestamptz NOT NULL,
  received_at  timestamptz NOT NULL,
  stored_at    timestamptz NOT NULL DEFAULT now(),
  summary      text,
  category     text,
  verdict      text
);
CREATE INDEX IF NOT EXISTS articles_source_seq ON articles (source, seq);
