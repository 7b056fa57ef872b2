#!/bin/sh
# Writes Alertmanager's configuration, with what the environment file says of mail, and becomes Alertmanager.
# What stands in /etc/alertmanager may change meanwhile: it is taken over within half a minute.
set -eu
umask 077
own=/etc/alertmanager rendered=/tmp/alertmanager.yml
: "${SMTP_HOST:=}" "${SMTP_PORT:=587}" "${SMTP_TLS:=true}" "${SMTP_USER:=}" "${SMTP_PASSWORD:=}" "${SMTP_FROM:=}"
: "${ALERT_MAIL_TO:=}" "${ALERT_WEBHOOK_URL:=}" "${ALERT_HEARTBEAT_URL:=}" "${SITE:=}"

quoted() { printf "'%s'" "$(printf '%s' "$1" | sed "s/'/''/g")"; }

settings() {
    cat "$own/alertmanager.yml"
    echo 'global:'
    echo '  resolve_timeout: 5m'
    if [ -n "$SMTP_HOST" ]; then
        site=${SITE#*://}
        echo "  smtp_smarthost: $(quoted "$SMTP_HOST:$SMTP_PORT")"
        echo "  smtp_from: $(quoted "$SMTP_FROM")"
        echo "  smtp_hello: $(quoted "${site%%[:/]*}")"
        echo "  smtp_require_tls: $([ "$SMTP_TLS" = true ] && [ "$SMTP_PORT" != 465 ] && echo true || echo false)"
        if [ "$SMTP_TLS" = true ] && [ "$SMTP_PORT" = 465 ]; then echo '  smtp_force_implicit_tls: true'; fi
        if [ -n "$SMTP_USER" ]; then
            echo "  smtp_auth_username: $(quoted "$SMTP_USER")"
            echo '  smtp_auth_password_file: /tmp/smtp-password'
        fi
    fi
    echo 'receivers:'
    echo '  - name: operators'
    if [ -n "$SMTP_HOST" ] && [ -n "$ALERT_MAIL_TO" ]; then
        echo '    email_configs:'
        echo "      - to: $(quoted "$ALERT_MAIL_TO")"
        echo '        send_resolved: true'
        echo "        headers: { Subject: '{{ template \"contravento.subject\" . }}' }"
        echo "        text: '{{ template \"contravento.text\" . }}'"
        echo "        html: ''"
    fi
    webhook ALERT_WEBHOOK_URL "$ALERT_WEBHOOK_URL" true
    echo '  - name: heartbeat'
    webhook ALERT_HEARTBEAT_URL "$ALERT_HEARTBEAT_URL" false
}

webhook() { # name, address, whether it is told that all is well again; the address may hold a token
    [ -n "$2" ] || return 0
    echo '    webhook_configs:'
    echo "      - url_file: /tmp/$1"
    echo "        send_resolved: $3"
}

printf '%s' "$SMTP_PASSWORD" >/tmp/smtp-password
printf '%s' "$ALERT_WEBHOOK_URL" >/tmp/ALERT_WEBHOOK_URL
printf '%s' "$ALERT_HEARTBEAT_URL" >/tmp/ALERT_HEARTBEAT_URL
sum() { cat "$own"/*.yml "$own"/templates/*.tmpl | cksum; }
before=$(sum) # first: what changes while the rest is done is then seen as a change
settings >"$rendered"

program=$(command -v alertmanager || command -v prometheus-alertmanager) # the second is Debian's name for it
main=$$
(
    while sleep 15 && kill -0 "$main" 2>/dev/null; do
        now=$(sum)
        [ "$now" != "$before" ] || continue
        before=$now
        settings >"$rendered"
        kill -HUP "$main"
    done
) &
exec "$program" --config.file="$rendered" "$@"
