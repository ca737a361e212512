# Sourced by the scripts here, with root and program set: builds, then runs a program of this module.
# shellcheck shell=sh
# shellcheck source=../launcher/src/main/sh/setup.sh
. "$root/examples/launcher/src/main/sh/setup.sh"
need_jdk
need_maven
bench=$root/examples/bench
stamp=$bench/target/built
if [ ! -e "$stamp" ] || [ -n "$(cd "$root" && find pom.xml ./*/pom.xml examples/*/pom.xml \
    ./*/src/main examples/*/src/main -newer "$stamp" -print -quit)" ]; then
    say "building ..."
    mkdir -p "$bench/target"
    log=$bench/target/build.log
    started=$bench/target/build.started
    touch "$started"
    (cd "$root" && mvn -B -ntp package dependency:build-classpath -Dmdep.outputFile=target/class-path \
        -pl examples/bench -am -Dmaven.test.skip=true -Djacoco.skip=true -Dspotless.check.skip=true) >"$log" 2>&1 ||
        die "The build failed; $log says why."
    touch -r "$started" "$stamp"
fi
"$root/vmm" --version >/dev/null || exit 1
# shellcheck disable=SC2154 # program is set by who sources this.
exec "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -Dslf4j.internal.verbosity=ERROR "-Dvmm.home=$root" \
    -cp "$bench/target/classes:$(cat "$bench/target/class-path")" "$program" "$@"
