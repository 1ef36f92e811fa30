-- Mails and SMS on their way. A row is written in the transaction that causes the message, and the worker sends it.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

-- No partner owns a message: most are to a user about the account (a code, a new password), and users are shared by
-- all partners. Nothing of it is ever read through the API.
create table message (
    message_id uuid primary key,
    kind text not null check (kind in ('mail', 'sms')),
    recipient text not null check (length(recipient) between 1 and 320), -- an e-mail address, or a number in E.164
    subject text,
    -- Taken away when the message is sent or given up: it may hold a code or a link that lets one in.
    text text,
    html text,
    created_at timestamptz not null,
    expires_at timestamptz not null, -- not sent after this
    -- While it is being sent: when another worker may take it, since the one that has it must have died.
    next_attempt_at timestamptz not null,
    attempts smallint not null default 0,
    sent_at timestamptz,
    given_up_at timestamptz,
    last_problem text,
    check ((kind = 'mail') = (subject is not null)),
    check (kind = 'mail' or html is null),
    check (sent_at is null or given_up_at is null),
    check (text is not null or sent_at is not null or given_up_at is not null)
);
-- What is due, looked for every few seconds: holds only what is not done, however many are kept.
create index message_due on message (next_attempt_at) where sent_at is null and given_up_at is null;
create index message_age on message (created_at); -- the sweep, and the newest in the mailbox

create function announce_message() returns trigger language plpgsql as $$
begin
    perform pg_notify('kolofon_message', '');
    return null;
end $$;
create trigger message_announced after insert on message
    for each statement execute function announce_message();
