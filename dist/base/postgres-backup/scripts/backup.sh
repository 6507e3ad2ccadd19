#!/usr/bin/env bash
# Dumps each database of BACKUP_DATABASES, proves each dump by restoring it, and only then gives it its name.
# A database that fails does not stop the next one; old dumps are removed only after a run without failure.
# Connection: libpq's PGHOST, PGUSER, PGPASSWORD. The role creates databases and reads all of those named.
set -uo pipefail

BACKUP_DIR=${BACKUP_DIR:-/backup}
export PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-10} PGOPTIONS="-c client_min_messages=warning" PGDATABASE=postgres
SCRATCH=newstalk_backup_verify
STAMP=$(date -u +%Y%m%dT%H%M%SZ)
STAMP_GLOB='[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z'
TABLES="SELECT count(*) FROM pg_tables WHERE schemaname !~ '^pg_' AND schemaname <> 'information_schema'"

say() { printf 'backup: %s\n' "$*"; }
complain() { say "$*" >&2; }
die() { complain "$*"; exit 1; }

[[ ${BACKUP_DATABASES:-} =~ ^[A-Za-z0-9_\ -]+$ ]] ||
  die "BACKUP_DATABASES: '${BACKUP_DATABASES:-}' is not a list of names, separated by spaces"
[[ ${BACKUP_KEEP_DAYS:-} =~ ^[1-9][0-9]{0,3}$ ]] || die "BACKUP_KEEP_DAYS: '${BACKUP_KEEP_DAYS:-}' is not 1 to 9999 days"
cd "$BACKUP_DIR" 2>/dev/null || die "$BACKUP_DIR is no directory: mount the backup volume there"

drop_scratch() { dropdb --no-password --if-exists --force "$SCRATCH" 2>"$errors"; }
clean_up() { rm -f .*.partial; drop_scratch || true; rm -f "$errors"; }

# $1: what failed; the tool's own words, kept in $errors, follow in the same line
failed() { complain "$1: $(tr -s '\n' ' ' <"$errors")"; return 1; }

# $1: database
dump() {
  local database=$1 file="$1-$STAMP.dump" tables restored
  local partial=".$file.partial"
  pg_dump --no-password --format=custom --file="$partial" --dbname="$database" 2>"$errors" ||
    failed "$database: dump failed" || return
  drop_scratch && createdb --no-password --template=template0 "$SCRATCH" 2>"$errors" ||
    failed "$database: no scratch database to verify in" || return
  pg_restore --no-password --exit-on-error --no-owner --dbname="$SCRATCH" "$partial" 2>"$errors" ||
    failed "$database: the dump does not restore" || return
  tables=$(psql -XAtw --dbname="$database" --command="$TABLES" 2>"$errors") &&
    restored=$(psql -XAtw --dbname="$SCRATCH" --command="$TABLES" 2>"$errors") ||
    failed "$database: tables could not be counted" || return
  if [ "$tables" != "$restored" ]; then
    complain "$database: the database has $tables tables, the restored dump $restored: not kept"
    return 1
  fi
  drop_scratch || failed "$database: $SCRATCH could not be dropped" || return

  # The sum goes first: a dump that bears its name has one.
  { sha256sum "$partial" | sed "s/$partial\$/$file/" >".$file.sha256.partial" && sync "$partial" ".$file.sha256.partial" &&
    mv ".$file.sha256.partial" "$file.sha256" && mv "$partial" "$file"; } 2>"$errors" ||
    failed "$database: $file could not be put in place" || return
  say "$database: $file, $(stat --format=%s "$file") bytes, restored and compared: $tables tables"
}

{ exec 9>.lock; } 2>/dev/null || die "$BACKUP_DIR is not writable by uid $(id -u): set fsGroup to the group of the volume"
flock --nonblock 9 || die "another backup is running in $BACKUP_DIR"
errors=$(mktemp) || die "${TMPDIR:-/tmp} is not writable: mount scratch space there"
trap 'exit 143' TERM INT
trap clean_up EXIT
rm -f .*.partial  # of a run that was killed

broken=()
for database in $BACKUP_DATABASES; do
  dump "$database" || broken+=("$database")
done
[ ${#broken[@]} -eq 0 ] || die "failed for ${broken[*]}; nothing was removed"

for database in $BACKUP_DATABASES; do
  find . -maxdepth 1 -type f \( -name "$database-$STAMP_GLOB.dump" -o -name "$database-$STAMP_GLOB.dump.sha256" \) \
    -mmin +$((BACKUP_KEEP_DAYS * 24 * 60)) -print -delete | sed 's#^\./#backup: removed #'
done
say "done; dumps are kept for $BACKUP_KEEP_DAYS days"
