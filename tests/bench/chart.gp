# gnuplot -e "dir='build/bench'" tests/bench/chart.gp >bench.svg: what report.mjs has written for it.
set terminal svg size 1000,440 font "sans-serif,12" background "white"
set multiplot layout 1,2
set logscale y
set yrange [10:*]
set format y "%.0f"
set grid ytics
set ylabel "requests per second"
set key bottom left reverse Left samplen 2 maxrows 3

set title "GET todos, 20 items"
set xlabel "clients"
set logscale x 2
set xtics (1, 2, 4, 8, 16, 32, 64)
set xrange [0.9:75]
plot for [i=2:7] dir."/growth.dat" using 1:i with linespoints linewidth 2 title columnheader(i)

set title "8 clients"
unset logscale x
unset xlabel
set autoscale x
unset key
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8 noborder
set xtics autofreq
plot for [i=2:7] dir."/modes.dat" using i:xtic(1) title columnheader(i)
