# Sourced by scripts that run a program of a module that is no part of ./vmm, with root, module and program set: builds,
# then runs the program.
# shellcheck shell=sh
# shellcheck source=setup.sh
. "$root/examples/launcher/src/main/sh/setup.sh"
need_jdk
need_maven
# shellcheck disable=SC2154 # root, module and program are set by who sources this.
place=$root/$module
stamp=$place/target/built
if [ ! -e "$stamp" ] || [ -n "$(cd "$root" && find pom.xml ./*/pom.xml examples/*/pom.xml \
    ./*/src/main examples/*/src/main -newer "$stamp" -print -quit)" ]; then
    say "building ..."
    mkdir -p "$place/target"
    log=$place/target/build.log
    started=$place/target/build.started
    touch "$started"
    (cd "$root" && mvn -B -ntp package dependency:build-classpath -Dmdep.outputFile=target/class-path \
        -pl "$module" -am -Dmaven.test.skip=true -Djacoco.skip=true -Dspotless.check.skip=true) >"$log" 2>&1 ||
        die "The build failed; $log says why."
    touch -r "$started" "$stamp"
fi
exec "$JAVA_HOME/bin/java" --enable-native-access=ALL-UNNAMED -Dslf4j.internal.verbosity=ERROR "-Dvmm.home=$root" \
    -cp "$place/target/classes:$(cat "$place/target/class-path")" "$program" "$@"
