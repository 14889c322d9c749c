0.0s * a store of three is created
0.0s wait WaitingForMembers: 0 of 3 members answer, 2 are needed for the first primary
0.6s reveal s-0
0.7s prepare s-0
0.8s wait WaitingForMembers: 1 of 3 members answer, 2 are needed for the first primary
1.0s reveal s-1
1.1s reveal s-2
1.2s prepare s-1 s-2
1.3s intent Bootstrap epoch 1 s-0 (FirstPrimary)
1.4s promote s-0 over epoch none
1.5s establish s-0 epoch 1 n 3 w 1 replicas s-1+s-2
2.6s mark epoch 1 n 3 w 1: Bootstrapped
2.7s label off nobody on s-0
2.8s clear Bootstrap epoch 1 s-0 (FirstPrimary): Bootstrapped
2.9s describe s-0 joined, s-2 replica readable joined
4.0s describe s-1 replica readable joined
6.3s * the goal is 5 members, w 2
6.3s quorum s-0 epoch 1 n 3 w 2
6.3s size 4
6.5s mark epoch 1 n 3 w 2: QuorumChanged
7.6s prepare s-3
7.7s join s-3 to s-0
8.5s quorum s-0 epoch 1 n 4 w 2
8.7s mark epoch 1 n 4 w 2: QuorumChanged
8.8s describe s-3 replica readable joined
8.8s size 5
10.1s prepare s-4
10.2s join s-4 to s-0
11.2s quorum s-0 epoch 1 n 5 w 2
11.4s mark epoch 1 n 5 w 2: QuorumChanged
11.5s describe s-4 replica readable joined
13.8s * the goal is 2 members, w 0
13.8s mark epoch 1 n 4 w 0: QuorumChanged
13.9s quorum s-0 epoch 1 n 4 w 0
14.1s size 4
14.3s mark epoch 1 n 3 w 0: QuorumChanged
14.4s quorum s-0 epoch 1 n 3 w 0
14.6s size 3
14.8s mark epoch 1 n 2 w 0: QuorumChanged
14.9s quorum s-0 epoch 1 n 2 w 0
15.1s size 2
no acknowledged write is lost
