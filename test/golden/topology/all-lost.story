5.8s * all servers are killed at once
5.8s wait WaitingForMembers: every member lost its data; 0 of 3 answer again
6.8s label off s-0 on nobody
7.0s reveal s-0 s-1 s-2
7.1s prepare s-0 s-1 s-2
7.2s intent Bootstrap epoch 2 s-0 (DataLost)
7.3s promote s-0 over epoch none
7.4s establish s-0 epoch 2 n 3 w 1 replicas s-1+s-2
9.1s mark epoch 2 n 3 w 1: NewEpoch
9.2s label off nobody on s-0
9.3s clear Bootstrap epoch 2 s-0 (DataLost): DataLost
some acknowledged writes are lost
